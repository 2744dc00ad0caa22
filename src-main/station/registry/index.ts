import { instant, type Clock } from '../clock.ts';
import { Bundles } from './bundles.ts';
import { Ceremonies } from './ceremonies.ts';
import { Certificates } from './certificates.ts';
import { Crls } from './crls.ts';
import { openDatabase } from './database.ts';
import { Devices } from './devices.ts';
import { Issuers } from './issuers.ts';
import { Logins } from './logins.ts';
import { Notices } from './notices.ts';
import { Operators } from './operators.ts';
import { Records } from './records.ts';
import { Requests } from './requests.ts';
import { Revocations } from './revocations.ts';
import { Runs } from './runs.ts';
import { RootCrls } from './root-crls.ts';
import { Figures } from './figures.ts';
import { IdempotentCalls } from './idempotency.ts';
import { AccessKeys } from './access-keys.ts';
import { SignIns } from './sign-ins.ts';
import { openRevocationSnapshot, type RevocationSnapshot } from './snapshot.ts';
import { Settings } from './settings.ts';
import { Store } from './store.ts';

export { hashPassword } from './operators.ts';
export {
  hasStation,
  mustBeUpgraded,
  namedStorageFailure,
  newestSchema,
  restoreMarker,
  stationIn,
  takeDataFolder,
  type DataFolder,
} from './database.ts';
export { copyDatabase, examineDatabase, examineMemory, type DatabaseFacts, type MemoryFacts } from './copy.ts';
export type { BundleRow } from './bundles.ts';
export type { Reservation } from './certificates.ts';
export type { CrlScope } from './crls.ts';
export type { CeremonyRecord, JournalLine, TranscriptSignature } from './ceremonies.ts';
export type { IssuerRecord } from './issuers.ts';
export type { LoginInForce } from './logins.ts';
export type {
  AlertRecord,
  CertificateRecordRow,
  Checkpoint,
  DeviceRecord,
  PublishedCrl,
  RecordKind,
  SetAside,
  Stretch,
} from './records.ts';
export type { RequestRecord } from './requests.ts';
export { schemaProblems } from './schema.ts';
export { signerLists, type SignerList } from './signer-lists.ts';
export type { RevokedEntry } from './snapshot.ts';
export type { RunRecord } from './runs.ts';
export type { Setting, Settings } from './settings.ts';

/** The station's one truth: SQLite behind repositories that share one store. */
export interface Registry {
  readonly store: Store;
  readonly settings: Settings;
  readonly bundles: Bundles;
  readonly ceremonies: Ceremonies;
  readonly certificates: Certificates;
  readonly crls: Crls;
  readonly devices: Devices;
  readonly issuers: Issuers;
  readonly logins: Logins;
  readonly notices: Notices;
  readonly operators: Operators;
  readonly records: Records;
  readonly requests: Requests;
  readonly revocations: Revocations;
  readonly rootCrls: RootCrls;
  readonly runs: Runs;
  readonly signIns: SignIns;
  readonly accessKeys: AccessKeys;
  readonly idempotentCalls: IdempotentCalls;
  readonly figures: Figures;
  revocationSnapshot(): RevocationSnapshot;
  now(): string;
  close(): void;
}

/** Opens (and creates or migrates) the registry in a data folder that this process has taken. */
export function openRegistry(dataDir: string, clock: Clock): Registry {
  const db = openDatabase(dataDir);
  const store = new Store(db, clock);
  const operators = new Operators(store);
  const revocations = new Revocations(store);
  return {
    store,
    settings: new Settings(store),
    bundles: new Bundles(store),
    ceremonies: new Ceremonies(store),
    certificates: new Certificates(store, revocations),
    crls: new Crls(store),
    devices: new Devices(store),
    issuers: new Issuers(store),
    logins: new Logins(store),
    notices: new Notices(store),
    operators,
    records: new Records(store),
    requests: new Requests(store),
    revocations,
    rootCrls: new RootCrls(store),
    runs: new Runs(store),
    signIns: new SignIns(store, operators),
    accessKeys: new AccessKeys(store),
    figures: new Figures(store),
    idempotentCalls: new IdempotentCalls(store),
    revocationSnapshot: () => openRevocationSnapshot(db.name),
    now: () => instant(clock.now()),
    close: () => {
      store.close();
      db.close();
    },
  };
}
