import { systemFailure } from '../../contract/index.ts';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile, type InstalledFiles } from './installation.ts';
import { endLeftovers } from './leftovers.ts';
import { mosquittoConf } from './mosquitto-files.ts';
import { settledPort } from './port.ts';

export interface WorkspaceOptions {
  readonly dir: string;
  readonly host: string;
  readonly port: number;
  readonly passwordPort?: number | null;
  readonly serverCertificatePem: string;
  readonly serverKeyPem: string;
  readonly published: InstalledFiles;
}

export const configPath = (dir: string): string => join(dir, 'mosquitto.conf');

/**
 * Makes the folder ready for a start: nothing of an earlier life runs any more, the port is settled, Mosquitto's
 * configuration is written. Returns the port. DATA_DENIED, DISK_FULL, BROKER_PORT_BUSY when there is none to be had.
 */
export async function prepareWorkspace(options: WorkspaceOptions): Promise<number> {
  const { dir, host, published } = options;
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw systemFailure(error, dir) ?? error;
  }
  await endLeftovers(configPath(dir));
  const port = await settledPort(host, options.port, join(dir, 'port'));
  const { serverCertificate, serverKey } = await writeServerFiles(dir, options);
  const asRoot = process.getuid?.() === 0;
  await replaceFile(
    configPath(dir),
    mosquittoConf({ host, port, passwordPort: options.passwordPort ?? null, serverCertificate, serverKey, ...published, asRoot }),
  );
  return port;
}

/** The broker reads them when it starts and when it is told to reload. DATA_DENIED, DISK_FULL. */
export async function writeServerFiles(
  dir: string,
  { serverCertificatePem, serverKeyPem }: Pick<WorkspaceOptions, 'serverCertificatePem' | 'serverKeyPem'>,
): Promise<{ readonly serverCertificate: string; readonly serverKey: string }> {
  const [serverCertificate, serverKey] = [join(dir, 'server.pem'), join(dir, 'server.key')];
  await replaceFile(serverCertificate, serverCertificatePem);
  await replaceFile(serverKey, serverKeyPem);
  return { serverCertificate, serverKey };
}
