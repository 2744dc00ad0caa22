import {
  Failure,
  type AccessView,
  type Alarm,
  type BrokerView,
  type FailureData,
  type IssuerView,
  type StationStatus,
} from '../../contract/index.ts';
import { readCertificate } from '../ca/index.ts';
import type { Backups } from '../backup/index.ts';
import { crlAlarms, passwordPort, rootCrlAlarms, type CrlSet } from '../publication/index.ts';
import type { IssuerRecord, Registry } from '../registry/index.ts';
import type { SignerLink } from '../signer-link.ts';

export interface StatusParts {
  readonly registry: Registry;
  readonly signer: SignerLink;
  readonly crls: CrlSet;
  /** Null where this front end does without a broker host. */
  readonly broker: BrokerView | null;
  readonly access: AccessView;
  readonly sessionEnd: StationStatus['sessionEnd'];
  readonly records: StationStatus['records'];
  /** Why the last publication failed. */
  readonly publication: Failure | null;
  /** The station's own certificates that end soon. */
  readonly late: readonly { readonly name: string; readonly notAfter: string }[];
  readonly clockDoubt: Failure | null;
  readonly backups: Backups;
  /** Why nothing may be issued or published yet. */
  readonly held: Failure | null;
  readonly preconditions: StationStatus['preconditions'];
}

/** What the status bar and the first screens show of a station that is set up. */
export function liveStatus(parts: StatusParts): Omit<StationStatus, 'phase' | 'version' | 'dataDir' | 'operator'> {
  const { registry, signer, crls, broker, preconditions } = parts;
  const { waiting, oldest } = registry.store.outbox();
  return {
    name: registry.settings.get('name') ?? '',
    tryOut: registry.settings.get('tryOut') === true,
    token: signer.token,
    session: signer.session,
    sessionEnd: signer.session === null ? parts.sessionEnd : null,
    issuers: issuerViews(registry),
    crl: crls.newest(),
    broker,
    outbox: { waiting, oldest },
    records: [...parts.records],
    notVerified: registry.runs.notVerified().length,
    backup: parts.backups.state(),
    alarms: alarms(parts),
    preconditions,
  };
}

/** Every CA of the station, the one that signs certificates for devices now as the first. */
export function issuerViews(registry: Registry): IssuerView[] {
  const current = registry.issuers.current('issuing')?.id;
  const all = registry.issuers.all();
  return [...all.filter(({ id }) => id === current), ...all.filter(({ id }) => id !== current)].map((one) => issuerView(registry, one));
}

function issuerView(registry: Registry, issuer: IssuerRecord): IssuerView {
  const { id, kind, state, subject, algorithm, keyId, fingerprint, notBefore, notAfter, createdAt } = issuer;
  const { ACTIVE: active, EXPIRED: expired, REVOKED: revoked } = registry.certificates.countByStatus(id);
  return {
    id,
    kind,
    state,
    subject,
    algorithm,
    keyId,
    fingerprint,
    notBefore,
    notAfter,
    createdAt,
    above: issuer.chain.map((certificate) => readCertificate(certificate).subject),
    proof: [...issuer.proof],
    active,
    expired,
    revoked,
  };
}

/** One per condition that lasts; a publication that fails is an alarm when a revocation waits for it. */
function alarms({ registry, broker, access, publication, signer, crls, late, records, clockDoubt, backups, held }: StatusParts): Alarm[] {
  const found: Alarm[] = [];
  const add = (id: string, level: Alarm['level'], failure: Failure | FailureData | null, since: string): void => {
    if (failure !== null) found.push({ id, level, since, failure: failure instanceof Failure ? failure.toData() : failure });
  };
  const now = registry.now();
  const waiting = registry.revocations.waiting()[0];
  add('publication', waiting === undefined ? 'warning' : 'alarm', publication, waiting?.recordedAt ?? now);
  add('broker', 'alarm', broker?.failure ?? null, broker?.since ?? now);
  add('access-list', 'warning', access.warnings.find(({ code }) => code === 'ACCESS_LIST_SLOW') ?? null, now);
  const port = passwordPort(registry);
  const [withPassword, rollbacks] = [registry.logins.inForce().filter(({ kind }) => kind === 'device').length, registry.logins.tenants()];
  if (port !== null) add('passwords', 'warning', new Failure('PASSWORDS_ON', { port, devices: withPassword }), now);
  for (const { tenant, mode, until, setAt } of rollbacks)
    if (mode === 'passwords')
      add(`passwords-${tenant}`, 'warning', new Failure('PASSWORDS_INSTEAD', { tenant, until: until ?? 'an officer ends it' }), setAt);
  for (const { name, failure, since } of records) add(`records-${name}`, 'warning', failure, since);
  const [problem] = registry.records.problems({ limit: 1 }).rows;
  add('records-problem', 'alarm', problem?.failure ?? null, problem?.at ?? now);
  for (const own of late) add(`own-${own.name}`, 'alarm', new Failure('STATION_CERTIFICATE_ENDS', own), now);
  add('module', 'alarm', signer.failure, now);
  add('clock', 'alarm', clockDoubt, now);
  add('held', 'alarm', held, registry.settings.get('restored')?.at ?? now);
  const backup = backups.alarm();
  add('backup', backup?.level ?? 'alarm', backup?.failure ?? null, backups.state().newest ?? now);
  const aboutCrls = crlAlarms({
    now: registry.store.clock.now(),
    builders: crls.builders(),
    before: ({ issuer, partition }) => registry.crls.list({ issuer, partition }, 2)[1] ?? null,
    session: signer.session !== null,
  });
  return [...found, ...rootCrlAlarms(registry, Date.parse(now)), ...aboutCrls];
}
