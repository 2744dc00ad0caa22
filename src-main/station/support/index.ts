/** The door of support: why a device cannot connect, the broker check-up, doctor, and what records and broker disagree on. */
export { checkBroker, type CheckupParts, type KnownCrl } from './check-up/index.ts';
export { runDoctor } from './doctor/index.ts';
export { reconcile, type ReconcileParts } from './reconcile.ts';
export { judgeDevice, symptomOf, type DeviceFacts } from './why/index.ts';
