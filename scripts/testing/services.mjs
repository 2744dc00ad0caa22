/** Before a run of tests that start stations. */
export { buildServices as setup } from '../setup/index.mjs';
