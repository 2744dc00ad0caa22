import { app } from 'electron';
import { join } from 'node:path';
import { defaultDataFolder, makeDataFolder } from '../service-host/index.ts';

/** Where the station's data lies: BIRTHMARK_DATA, else the folder that the command line uses too. Made 0700; DATA_DENIED. */
function dataFolder(): string {
  const folder = defaultDataFolder(process.env);
  makeDataFolder(folder);
  return folder;
}

/** Files beside the program: in the checkout, or in the packaged app's resources folder. */
const shipped = (inCheckout: string, packaged: string): string =>
  app.isPackaged ? join(process.resourcesPath, packaged) : join(app.getAppPath(), inCheckout);

export interface Paths {
  readonly data: string;
  /** Chrome's own files (window state, caches); apart from the station's data. */
  readonly window: string;
  readonly log: string;
  readonly renderer: string;
  readonly preload: string;
  readonly services: string;
  readonly resources: string;
  readonly agent: string;
  /** The library for tokens with a PIN pad. */
  readonly pinPad: string;
  /** The library for processes that see PINs. */
  readonly guard: string;
}

/** DATA_DENIED when the data folder cannot be made. */
export function findPaths(): Paths {
  const data = dataFolder();
  const built = (...parts: string[]): string => join(app.getAppPath(), 'out', ...parts);
  return {
    data,
    window: join(data, 'window'),
    log: join(data, 'log', 'station.log'),
    renderer: built('renderer'),
    preload: built('preload', 'preload.cjs'),
    services: built('services'),
    resources: shipped('resources', 'resources'),
    pinPad: shipped('build/pin-pad/libpin-pad.so', 'libpin-pad.so'),
    guard: shipped('build/process-guard/process-guard.node', 'process-guard.node'),
    agent: shipped('build/device-agent/device-agent', 'device-agent'),
  };
}
