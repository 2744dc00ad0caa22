/** Before a run of tests that start stations. */
export { buildBundles as setup } from '../setup/index.mjs';
