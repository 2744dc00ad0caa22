import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  Failure,
  type IssuerKind,
  type ModuleConfig,
  type Role,
  type SessionTerms,
  type SignerClient,
  type TokenRef,
  type WorkOrder,
} from '../../contract/index.ts';
import { authorityProfiles, createHierarchy, crlUri, readCertificate, signingProfile, type CertificateProfile } from '../ca/index.ts';
import { instant, type Clock } from '../clock.ts';
import { CrlSet } from '../publication/index.ts';
import { openRegistry, type Registry } from '../registry/index.ts';
import { LeafMaker, profileOf, type Hierarchy } from './leaves.ts';

export interface SetUpPlan {
  readonly dataDir: string;
  readonly name: string;
  readonly tryOut: boolean;
  readonly module: ModuleConfig;
  /** False: the module is SoftHSM and a new software token is made. */
  readonly existingToken: boolean;
  /** Label of the token; of an existing one also its serial number, where two have the same label. */
  readonly tokenLabel: string;
  readonly slots: readonly { slot: number; path: string }[];
  readonly brokerPort: number;
  readonly crlBase: string;
  /** Of the CRL of the issuer for devices; fixed with its first certificate. */
  readonly partitions: number;
  readonly operators: readonly { name: string; role: Role; password: string | null }[];
  readonly order: WorkOrder | null;
}

export interface SetUpTools {
  readonly signer: SignerClient;
  readonly clock: Clock;
  readonly profiles: ReadonlyMap<string, CertificateProfile>;
  /** Resolves when the PIN of this request was entered; PIN_REQUEST_UNKNOWN when nobody did in time. */
  readonly pin: (request: { requestId: string; expiresAt: string }, purpose: string) => Promise<void>;
  readonly progress: (step: string, done: number, total: number) => void;
}

const steps = [
  'Make the token',
  'Open the ceremony',
  'Make keys and certificates of the CAs',
  'Make the certificates of broker and canaries',
  'Write the first records',
  'Sign the first revocation lists',
] as const;
const actor = 'set-up';

/**
 * The ceremony in one go: token, root, device issuer and server issuer, broker certificate, canaries, first CRL. Until the last
 * step there is no station: what an interrupted set-up left in the folder is removed by the next one.
 */
export async function setUp(plan: SetUpPlan, tools: SetUpTools): Promise<void> {
  const { signer, clock } = tools;
  const at = (index: number): void => tools.progress(steps[index] ?? '', index, steps.length);
  eachPlaceOnce(plan.slots);
  removeUnfinished(plan.dataDir);

  at(0);
  await signer('module.use', { module: plan.module, watch: null });
  if (!plan.existingToken)
    await tools.pin(await signer('token.requestInit', { label: plan.tokenLabel }), `New PIN of the software token “${plan.tokenLabel}”`);
  const token = await findToken(signer, plan.tokenLabel);

  at(1);
  await tools.pin(
    await signer('session.request', ceremonyTerms(plan, tools, token)),
    `PIN of the token “${token.label}”, for the ceremony`,
  );
  try {
    at(2);
    const ids = { root: `${plan.name} root`, issuer: `${plan.name} device CA`, server: `${plan.name} server CA` };
    const suffix = randomBytes(4).toString('hex');
    const issuerIds = { root: `root-${suffix}`, issuer: `device-${suffix}`, server: `server-${suffix}` };
    const made = await createHierarchy({
      signer,
      clock,
      names: { root: { commonName: ids.root }, issuer: { commonName: ids.issuer }, server: { commonName: ids.server } },
      ids: { root: `01${suffix}`, issuer: `02${suffix}`, server: `03${suffix}` },
      algorithm: 'ec-p256',
      rootCrlUri: crlUri(plan.crlBase, issuerIds.root),
      reserve: () => undefined,
    });

    at(3);
    const leaves = new LeafMaker(plan, tools, made, issuerIds);
    await leaves.server(['localhost', '127.0.0.1']);
    await leaves.client('good-canary', 'canary', 'good');
    await leaves.client('revoked-canary', 'canary', 'revoked');
    await leaves.client('observer', 'service', 'observer');

    at(4);
    const registry = openRegistry(plan.dataDir, clock);
    try {
      registry.store.transaction(() => record(registry, plan, token, made, issuerIds, leaves));
      at(5);
      const crls = new CrlSet({ registry, crlBase: plan.crlBase, dataDir: plan.dataDir, signer, clock });
      for (const builder of crls.builders()) await builder.build();
      registry.store.setSetting('ready', 'yes');
    } finally {
      registry.close();
    }
    tools.progress('Ready', steps.length, steps.length);
  } finally {
    await signer('session.close', { why: 'the ceremony is over' });
  }
}

function eachPlaceOnce(slots: SetUpPlan['slots']): void {
  for (const [what, values] of [
    ['number', slots.map(({ slot }) => slot)],
    ['port', slots.map(({ path }) => path)],
  ] as const) {
    const twice = values.find((value, index) => values.indexOf(value as never) !== index);
    if (twice !== undefined) throw new Failure('INVALID_INPUT', { field: 'slots', problem: `the ${what} ${String(twice)} is given twice` });
  }
}

/** Only a folder without a finished station gets here: nothing in it was ever given to a device. */
function removeUnfinished(dataDir: string): void {
  // The CRLs first: CRLs without a database are the sign of a station that was lost.
  for (const name of ['crl', 'station.db', 'station.db-wal', 'station.db-shm', 'secrets', 'broker'])
    rmSync(join(dataDir, name), { recursive: true, force: true });
}

async function findToken(signer: SignerClient, label: string): Promise<TokenRef> {
  // A token that was never initialised has no name yet.
  const tokens = (await signer('token.list', {})).filter((token) => token.initialised);
  const named = tokens.filter((token) => token.label === label || token.serial === label);
  const [token] = named;
  if (token === undefined) {
    const found = tokens.map((one) => `“${one.label}” (${one.serial})`).join(', ');
    throw new Failure('TOKEN_UNKNOWN', { label, found: found === '' ? 'no token that is initialised' : found });
  }
  if (named.length > 1) {
    const serials = named.map((one) => one.serial).join(', ');
    throw new Failure('INVALID_INPUT', {
      field: 'tokenLabel',
      problem: `${String(named.length)} tokens are called “${label}”; name one by its serial number: ${serials}`,
    });
  }
  if (token.pinState === 'not-set') throw new Failure('PIN_NOT_SET', { label: token.label });
  return { label: token.label, serial: token.serial };
}

function ceremonyTerms(plan: SetUpPlan, tools: SetUpTools, token: TokenRef): SessionTerms {
  const leaf = ['server', 'canary', 'service'].map((name) => signingProfile(profileOf(tools, name)));
  return {
    kind: 'ceremony',
    issuer: plan.name,
    token,
    authorities: [],
    profiles: [...authorityProfiles, ...leaf],
    quota: 7,
    until: instant(tools.clock.now() + 15 * 60_000),
    idleMinutes: 15,
    perMinute: 60,
    operator: plan.operators[0]?.name ?? actor,
    reason: 'set up the station',
  };
}

function record(
  registry: Registry,
  plan: SetUpPlan,
  token: TokenRef,
  made: Hierarchy,
  ids: Readonly<Record<'root' | 'issuer' | 'server', string>>,
  leaves: LeafMaker,
): void {
  const { store, issuers, operators, runs } = registry;
  const settings = {
    name: plan.name,
    tryOut: String(plan.tryOut),
    module: JSON.stringify(plan.module),
    token: JSON.stringify(token),
    slots: JSON.stringify(plan.slots),
    brokerPort: String(plan.brokerPort),
    crlBase: plan.crlBase,
  };
  for (const [key, value] of Object.entries(settings)) store.setSetting(key, value);
  store.audit(actor, 'station.set-up', plan.name, { token, tryOut: plan.tryOut });
  const kinds: Record<'root' | 'issuer' | 'server', IssuerKind> = { root: 'root', issuer: 'issuing', server: 'server' };
  for (const role of ['root', 'issuer', 'server'] as const) {
    const { proof, certificate } = made[role];
    const facts = readCertificate(certificate);
    issuers.add(
      {
        id: ids[role],
        kind: kinds[role],
        subject: facts.commonName,
        algorithm: proof.algorithm,
        ckaId: proof.key.ckaId,
        spkiSha256: proof.key.spkiSha256,
        keyId: proof.keyId,
        certificate,
        fingerprint: facts.fingerprint,
        notBefore: facts.notBefore,
        notAfter: facts.notAfter,
        proof: proof.attributes,
        partitions: role === 'issuer' ? plan.partitions : 1,
      },
      actor,
    );
  }
  for (const { use, partition, der } of leaves.made) {
    const facts = readCertificate(der);
    registry.certificates.reserve(
      {
        serial: facts.serial,
        issuer: ids.issuer,
        partition,
        use,
        device: facts.commonName,
        run: null,
        order: null,
        spkiSha256: facts.spkiSha256,
        notBefore: facts.notBefore,
        notAfter: facts.notAfter,
      },
      actor,
    );
    registry.certificates.signed(facts.serial, der, facts.fingerprint, actor);
    registry.certificates.activate(facts.serial, actor);
    if (use === 'canary-revoked')
      registry.certificates.revoke(facts.serial, 'cessationOfOperation', 'the canary that must be refused', actor);
  }
  for (const operator of plan.operators) operators.add(operator.name, operator.role, operator.password, actor);
  if (plan.order !== null) {
    runs.createOrder(plan.order, actor);
    store.setSetting('order', plan.order.id);
  }
}
