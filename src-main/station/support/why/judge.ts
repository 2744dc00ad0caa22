import {
  Failure,
  toFailureData,
  type BrokerView,
  type CertificateRow,
  type DeviceRow,
  type FailureData,
  type ProbeStep,
  type RevocationView,
  type Verdict,
} from '../../../contract/index.ts';

/** What the station knows about a device, all of it read at one moment. */
export interface DeviceFacts {
  readonly device: string;
  readonly row: DeviceRow | null;
  /** Newest first. */
  readonly certificates: readonly CertificateRow[];
  readonly revocations: readonly RevocationView[];
  readonly run: { readonly verdict: Verdict | null; readonly failure: FailureData | null; readonly startedAt: string } | null;
  /** Ends of the CAs that issued its certificates, by issuer. */
  readonly issuers: readonly { readonly id: string; readonly subject: string; readonly notAfter: string }[];
  /** Newest CRL of each list that brokers need, with when it was published. */
  readonly crls: readonly {
    readonly issuer: string;
    readonly number: number;
    readonly nextUpdate: string;
    readonly publishedAt: string | null;
  }[];
  /** Changes of this device that the broker host has not got yet, and since when. */
  readonly owedSince: string | null;
  readonly broker: BrokerView | null;
  /** ISO time of now. */
  readonly now: string;
}

const usable = ['SIGNED', 'ACTIVE', 'ROTATING'];

/** One finding for each thing that may stand in the device's way, in the order in which they would. */
export function judgeDevice(facts: DeviceFacts): ProbeStep[] {
  const good = facts.certificates.find((one) => usable.includes(one.status) && one.notAfter > facts.now && one.notBefore <= facts.now);
  return [
    finding('registered', () => registered(facts)),
    finding('certificate', () => certificate(facts, good)),
    finding('revocations', () => revocations(facts)),
    finding('issuer', () => issuer(facts, good)),
    finding('revocation list', () => revocationList(facts, good)),
    finding('access list', () => accessList(facts, good)),
    finding('broker host', () => brokerHost(facts)),
    finding('last run', () => lastRun(facts)),
  ];
}

function finding(name: string, look: () => string | null): ProbeStep {
  try {
    const value = look();
    if (value === null) return { name, result: 'SKIPPED', ms: 0, value: 'nothing to look at', failure: null };
    return { name, result: 'PASS', ms: 0, value, failure: null };
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    return { name, result: 'FAIL', ms: 0, value: thrown.code, failure: toFailureData(thrown) };
  }
}

function registered({ device, row }: DeviceFacts): string {
  if (row === null) throw new Failure('NOT_FOUND', { kind: 'device', id: device });
  if (row.state === 'PENDING') throw new Failure('DEVICE_PENDING', { device });
  if (row.state === 'REFUSED')
    throw new Failure('DEVICE_NOT_WANTED', { device, by: row.decidedBy ?? 'Somebody', reason: row.reason ?? 'no reason is recorded' });
  return `unit ${row.hardwareId ?? 'not seen yet'}, ${row.model}, since ${row.createdAt}`;
}

/** A good one is enough; without one, the newest says why. */
function certificate({ device, certificates, now }: DeviceFacts, good: CertificateRow | undefined): string {
  if (good !== undefined) {
    const others = certificates.length - 1;
    return `${good.serial} ${good.status} until ${good.notAfter}${others === 0 ? '' : `; it has had ${others} more, which are not the one to use`}`;
  }
  const [newest] = certificates.filter(({ fingerprint }) => fingerprint !== null);
  if (newest === undefined) throw new Failure('DEVICE_WITHOUT_CERTIFICATE', { device });
  if (newest.status === 'REVOKED')
    throw new Failure('CERTIFICATE_REVOKED', {}, [newest.serial, newest.revokedAt, newest.reason].filter((one) => one !== null).join(', '));
  if (newest.notAfter <= now || newest.status === 'EXPIRED')
    throw new Failure('CERTIFICATE_EXPIRED', { notAfter: newest.notAfter }, newest.serial);
  throw new Failure('CLOCKS_DIFFER', { notBefore: newest.notBefore }, newest.serial);
}

const revocations = ({ revocations: list }: DeviceFacts): string =>
  list.length === 0
    ? 'none'
    : list.map(({ serial, reason, recordedAt, state }) => `${serial} ${recordedAt} ${reason}, ${state}`).join('; ');

function issuer({ issuers, now }: DeviceFacts, good: CertificateRow | undefined): string | null {
  const ca = issuers.find(({ id }) => id === good?.issuer);
  if (ca === undefined) return null;
  if (ca.notAfter <= now) throw new Failure('CA_EXPIRED', { subject: ca.subject, notAfter: ca.notAfter });
  return `${ca.subject} until ${ca.notAfter}`;
}

function revocationList({ crls, now }: DeviceFacts, good: CertificateRow | undefined): string | null {
  const own = crls.filter(({ issuer: id }) => good === undefined || id === good.issuer);
  if (own.length === 0) return null;
  return own
    .map(({ number, nextUpdate, publishedAt }) => {
      if (nextUpdate <= now) throw new Failure('BROKER_CRL_EXPIRED', {}, `number ${number} ended ${nextUpdate}`);
      return publishedAt === null ? `#${number} is not published yet` : `#${number} published ${publishedAt}, good until ${nextUpdate}`;
    })
    .join('; ');
}

function accessList({ device, owedSince }: DeviceFacts, good: CertificateRow | undefined): string | null {
  if (good === undefined) return null;
  if (owedSince !== null) throw new Failure('CERTIFICATE_NOT_FOUND', { device }, `waits for the broker host since ${owedSince}`);
  return 'its entry was published';
}

function brokerHost({ broker }: DeviceFacts): string | null {
  if (broker === null) return null;
  if (broker.failure !== null) throw Failure.fromData(broker.failure);
  if (broker.state !== 'up') throw new Failure('BROKER_AWAY', { host: broker.host, port: broker.port, stage: broker.state });
  return `${broker.name} up since ${broker.since}`;
}

/** A run that did not pass is no cause of its own where the certificate is good: it says what was seen then. */
function lastRun({ run }: DeviceFacts): string | null {
  if (run === null) return null;
  const { verdict, failure, startedAt } = run;
  return `${verdict ?? 'under way'} ${startedAt}${failure === null ? '' : `: ${failure.code}`}`;
}
