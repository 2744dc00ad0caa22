import { spawnSync } from 'node:child_process';
import { request } from 'node:https';
import type { TestStation } from './station.ts';

/** A work order whose devices get keys of the station's making. */
export async function bundleOrder(station: TestStation, id = 'BUNDLES', certificateProfile = 'bundle'): Promise<string> {
  await station.call('orders.create', {
    id,
    tenant: 'acme',
    product: 'Gateway',
    deviceProfile: 'reference-agent',
    certificateProfile,
    quantity: 1000,
    idPrefix: 'G-',
  });
  return id;
}

/** Unpacks with 7-Zip; false when it does not open. */
export function unzip(file: string, passphrase: string, out: string): boolean {
  const { status, error } = spawnSync('7z', ['x', '-y', `-o${out}`, `-p${passphrase}`, file], { encoding: 'utf8' });
  if (error !== undefined) throw new Error(`7z could not be started: ${error.message}`);
  return status === 0;
}

/** The command that the bundle's README gives, with the unpacked files. */
export function publishAsDevice(folder: string, line: string): { ok: boolean; text: string } {
  const words = line.replace(/\\\n/gu, ' ').trim().split(/\s+/u);
  const { status, stdout, stderr } = spawnSync(words[0] ?? '', words.slice(1), { cwd: folder, encoding: 'utf8' });
  return { ok: status === 0, text: stdout + stderr };
}

export interface Fetched {
  readonly code: number;
  readonly body: Buffer;
  readonly headers: Record<string, unknown>;
  readonly fingerprint: string;
}

/** One request of a link, with any method; the certificate is looked at, not trusted. */
export function fetchLink(
  url: string,
  options: { method?: string; headers?: Record<string, string>; path?: string } = {},
): Promise<Fetched> {
  return new Promise((done, failed) => {
    const target = new URL(url);
    const sent = request(
      {
        host: target.hostname,
        port: target.port,
        path: options.path ?? target.pathname,
        method: options.method ?? 'GET',
        headers: options.headers ?? {},
        rejectUnauthorized: false,
        agent: false,
      },
      (response) => {
        const socket = response.socket as unknown as { getPeerCertificate(): { fingerprint256: string } };
        const fingerprint = socket.getPeerCertificate().fingerprint256.replaceAll(':', '').toLowerCase();
        const parts: Buffer[] = [];
        response.on('data', (part: Buffer) => parts.push(part));
        response.once('end', () =>
          done({ code: response.statusCode ?? 0, body: Buffer.concat(parts), headers: response.headers, fingerprint }),
        );
        response.once('error', failed);
      },
    );
    sent.once('error', failed);
    sent.end();
  });
}
