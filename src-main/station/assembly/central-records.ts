import { Failure, unwrap } from '../../contract/index.ts';
import type { Clock } from '../clock.ts';
import type { OwnCertificates } from '../lifecycle/index.ts';
import { requestParts } from '../revocation/index.ts';
import { RecordsDesk } from '../central-records/index.ts';
import type { Registry } from '../registry/index.ts';
import type { OwnIdentities } from '../setup/index.ts';

export interface LiveRecordsParts {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly identities: OwnIdentities;
  readonly own: OwnCertificates;
  /** The CA of brokers' certificates. */
  readonly caPem: string;
  /** The time that a database told. */
  readonly onTime: (name: string, time: number) => void;
  readonly onChange: () => void;
}

/** The central records as this station writes them: as itself, by its own client certificate. */
export const liveRecords = ({ registry, clock, identities, own, caPem, onTime, onChange }: LiveRecordsParts): RecordsDesk =>
  new RecordsDesk({
    registry,
    clock,
    caPem,
    onTime,
    onChange,
    identity: () => {
      if (identities.records === null) throw new Failure('RECORDS_NO_CERTIFICATE');
      const { keyPem, certificatePem } = identities.records;
      return { station: own.recordsStation, keyPem, certificatePem };
    },
    requests: (actor) => requestParts(registry, identities.observer, actor),
  });

/** The client certificate for central databases; made by the open session when there is none yet. */
export async function recordsCertificate(
  identities: OwnIdentities,
  own: OwnCertificates,
  actor: string,
): Promise<{ station: string; pem: string }> {
  if (identities.records === null) await own.renew('records', actor);
  return { station: own.recordsStation, pem: unwrap(identities.records, 'it was just made').certificatePem };
}
