export { CurrentOrder } from './current-order.ts';
export { Line, type LineOptions, type ProofResult } from './line.ts';
export { endOverdueProofs, recoverRuns } from './recovery.ts';
export { failRun, isProvable, passRun } from './verdict.ts';
export type { LineOrder, LineServices, Observation } from './services.ts';
export { preconditions, type Readiness } from './preconditions.ts';
