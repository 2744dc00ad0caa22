import type { BundleView } from '../../contract/index.ts';
import { Backups } from '../backup/index.ts';
import { BundleDesk } from '../delivery/index.ts';
import type { Environment } from '../environment.ts';
import type { RecordsDesk } from '../central-records/index.ts';
import type { Registry } from '../registry/index.ts';
import type { OwnIdentities } from '../setup/index.ts';
import { Upkeep, type ClockGuard } from '../upkeep/index.ts';
import { liveRecords } from './central-records.ts';
import type { CertificateParts } from './certificates.ts';
import type { PublicationParts } from './publication.ts';

/** What goes on by itself while the station lives: bundles that are waited for, central databases, the clockwork. */
export interface UpkeepParts {
  readonly bundles: BundleDesk;
  readonly records: RecordsDesk;
  readonly backups: Backups;
  readonly upkeep: Upkeep;
}

export interface UpkeepNeeds {
  readonly environment: Environment;
  readonly registry: Registry;
  readonly clockGuard: ClockGuard;
  readonly identities: OwnIdentities;
  readonly certificates: CertificateParts;
  readonly publication: PublicationParts;
  /** The CA of brokers' certificates. */
  readonly serverCaPem: string;
  readonly onBundle: (view: BundleView) => void;
  readonly onEnded: () => void;
}

export function assembleUpkeep(needs: UpkeepNeeds): UpkeepParts {
  const { environment, registry, clockGuard, identities, certificates, publication, serverCaPem, onBundle, onEnded } = needs;
  const { clock, signer } = environment;
  const { issuance, own } = certificates;
  const { publisher, observer, crls } = publication;
  const backups = new Backups({ registry, dataDir: environment.config.dataDir, clock, onChange: () => environment.statusSoon() });
  return {
    backups,
    bundles: new BundleDesk({
      registry,
      issuance,
      clock,
      observer,
      publishSoon: () => publisher.publishSoon(),
      onChange: onBundle,
    }),
    records: liveRecords({
      registry,
      clock,
      identities,
      own,
      caPem: serverCaPem,
      onTime: (name, time) => clockGuard.heard(name, time),
      onChange: () => environment.statusSoon(),
    }),
    upkeep: new Upkeep({
      registry,
      clock,
      guard: clockGuard,
      observer,
      publisher,
      crls,
      own,
      backups,
      session: () => signer.session,
      onEnded,
      onTick: () => environment.statusSoon(),
    }),
  };
}
