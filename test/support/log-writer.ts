import { openStationLog } from '../../src-main/log/station-log.ts';

/** Writes so many lines to the log of a folder, in small batches: `log-writer.ts FOLDER NAME LINES`. */
const [dataDir = '', name = '', lines = '0'] = process.argv.slice(2);
const rotation = { maxBytes: 2_000, kept: 300 };
const log = openStationLog({
  dataDir,
  level: 'info',
  rotation,
  onTrouble: (text) => {
    throw new Error(text);
  },
});
for (let n = 0; n < Number(lines); n++) {
  log.write({ level: 'info', component: 'station', message: `${name} ${String(n)}`, time: new Date().toISOString(), ids: {}, facts: {} });
  if (n % 3 === 0) await log.flush();
}
await log.close();
