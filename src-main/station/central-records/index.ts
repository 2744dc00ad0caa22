/** The door to the central records: PostgreSQL on broker hosts, to which everything that is recorded here goes as well. */
export { RecordsDesk, type RecordsDeskOptions } from './desk.ts';
export { RecordsSync, type RecordsSyncOptions } from './sync.ts';
export { centralKnowledge, type CentralKnowledge } from './knowledge.ts';
export { compareRecords } from './compare.ts';
export { recordsSchema } from './connection.ts';
export { registerRecords } from './registration.ts';
