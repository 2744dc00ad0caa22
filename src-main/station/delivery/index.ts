/** The door of delivery: keys that the station makes, and the bundles that they leave it in. */
export { BundleDesk } from './bundle-desk.ts';
