import { app } from 'electron';
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where the station's data lies: BIRTHMARK_DATA, else the folder that the command line uses too. Made 0700. */
function dataFolder(): string {
  const base = process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share');
  const folder = resolve(process.env['BIRTHMARK_DATA'] ?? join(base, 'birthmark'));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
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
}

export function findPaths(): Paths {
  const data = dataFolder();
  const built = (...parts: string[]): string => join(app.getAppPath(), 'out', ...parts);
  return {
    data,
    window: join(data, 'window'),
    log: join(data, 'desktop.log'),
    renderer: built('renderer'),
    preload: built('preload', 'preload.cjs'),
    services: built('services'),
    resources: shipped('resources', 'resources'),
    agent: shipped('build/device-agent/device-agent', 'device-agent'),
  };
}
