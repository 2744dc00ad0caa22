import { Failure, unwrap, type IssuerKind, type KeyProof, type KeyRef } from '../../contract/index.ts';
import {
  assembleCertificate,
  buildIssuerTbs,
  buildRequestInfo,
  buildRootTbs,
  distributionPoint,
  newSerial,
  readIssuer,
  requestToPem,
  type Issuer,
} from '../ca/index.ts';
import type { CeremonyContext } from './context.ts';
import type { PlannedAuthority } from './plan.ts';
import { details } from './steps.ts';

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
/** How long a certificate that was drawn up may wait for its signature; the signer has the same bound. */
const draftMs = 29 * 86_400_000;

const plannedOf = (context: CeremonyContext, role: IssuerKind): PlannedAuthority =>
  unwrap(context.planned(role), `the ceremony makes the CA “${role}”`);
const proofOf = (context: CeremonyContext, role: IssuerKind): KeyProof =>
  unwrap(context.proof(role), `the key of “${role}” was made in a step before`);

/** The key that an interrupted try may have made is found again; only when there is none, one is made. */
export async function makeKeyStep(context: CeremonyContext, role: IssuerKind, actor: string): Promise<unknown> {
  const { ckaId, algorithm, subject } = plannedOf(context, role);
  const step = `key:${role}`;
  const wanted = { ckaId, label: subject.commonName, algorithm };
  const before = context.journal.hasBegun(step) ? await context.parts.signer('key.find', wanted) : null;
  context.write(step, 'begin', { ckaId, algorithm }, actor);
  const proof = before ?? (await context.parts.signer('key.generate', wanted));
  return { proof: { ...proof, spki: base64(proof.spki) }, found: before !== null };
}

/** Who signs a CA of this ceremony, and the name of that one's CRL. */
interface Above {
  readonly key: KeyRef;
  readonly issuer: Issuer;
  readonly id: string;
}

function rootAbove(context: CeremonyContext): Above {
  const made = context.made('root');
  if (made !== null) return { key: made.proof.key, issuer: made.issuer, id: made.planned.id };
  const root = context.parts.registry.issuers.current('root');
  if (root === null) throw new Failure('INVALID_INPUT', { field: 'signedBy', problem: 'the station has no root of its own' });
  return { key: { ckaId: root.ckaId, spkiSha256: root.spkiSha256 }, issuer: readIssuer(root.certificate), id: root.id };
}

/** Draws the certificate up, writes down what is to be signed, and signs that: again after an interruption, never something else. */
export async function certificateStep(context: CeremonyContext, role: IssuerKind, actor: string): Promise<unknown> {
  const { parts } = context;
  const above = role === 'root' ? null : rootAbove(context);
  const step = `certificate:${role}`;
  const draft = drawnUp(context, step) ?? drawUp(context, role, above);
  context.write(step, 'begin', { tbs: base64(draft.tbs), serial: draft.serial }, actor);
  const proof = proofOf(context, role);
  const { signature } = await parts.signer('sign.certificate', {
    key: above?.key ?? proof.key,
    profile: role === 'root' ? 'root' : 'issuer',
    tbs: draft.tbs,
  });
  return { certificate: base64(assembleCertificate(draft.tbs, above?.issuer ?? proof, signature)) };
}

function drawnUp({ journal, parts }: CeremonyContext, step: string): { tbs: Uint8Array; serial: string } | null {
  const last = journal.begun(step, details.draft).at(-1);
  return last === undefined || parts.clock.now() - Date.parse(last.at) > draftMs ? null : last.detail;
}

function drawUp(context: CeremonyContext, role: IssuerKind, above: Above | null): { tbs: Uint8Array; serial: string } {
  const { subject, days } = plannedOf(context, role);
  const common = { subject: nameOf(subject), spki: proofOf(context, role).spki, serial: newSerial(), now: context.parts.clock.now(), days };
  const uri = distributionPoint(context.plan.crlBase, { id: above?.id ?? plannedOf(context, role).id, partitions: 1 });
  return above === null ? buildRootTbs({ ...common, crlUri: uri }) : buildIssuerTbs({ ...common, issuer: above.issuer, crlUri: uri });
}

export async function requestStep(context: CeremonyContext, role: IssuerKind, actor: string): Promise<unknown> {
  const proof = proofOf(context, role);
  const info = buildRequestInfo({ subject: nameOf(plannedOf(context, role).subject), spki: proof.spki });
  context.write(`request:${role}`, 'begin', {}, actor);
  const { signature } = await context.parts.signer('sign.request', { key: proof.key, info });
  return { pem: requestToPem(info, proof.algorithm, signature) };
}

const nameOf = ({ organization, organizationalUnit, commonName }: PlannedAuthority['subject']) => ({
  ...(organization === undefined ? {} : { organization }),
  ...(organizationalUnit === undefined ? {} : { organizationalUnit }),
  commonName,
});
