/** The door of registration: devices before they have a certificate. */
export { decideDevices, readDeviceList, registerDevices } from './registration.ts';
export { mustBeWhole, readCsv, type CsvRow } from './csv.ts';
