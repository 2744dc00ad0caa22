import { execFileSync } from 'node:child_process';
import { WorkFolder } from '../support/openssl.ts';
import { benchEntries } from './crl-entries.ts';
import type { Figure } from './figure.ts';

/** `crl-100k` and `crl-1m`: against `openssl ca -gencrl` with a software key on the same entries. */
export const crl100k = async (): Promise<Figure> => crl(100_000);
export const crl1m = async (): Promise<Figure> => crl(1_000_000);

interface CrlRun {
  readonly ms: number;
  readonly bytes: number;
  readonly peakMB: number;
}

async function crl(entries: number): Promise<Figure> {
  const work = new WorkFolder();
  try {
    const child = JSON.parse(
      execFileSync(process.execPath, [new URL('crl-child.ts', import.meta.url).pathname, String(entries), work.path('ours.crl')], {
        encoding: 'utf8',
      }),
    ) as CrlRun;
    const baseline = opensslCrlSeconds(work, entries);
    const value = child.ms / 1000;
    const check = work.openssl('crl', '-in', 'ours.crl', '-inform', 'DER', '-noout', '-crlnumber');
    if (!check.ok) throw new Error(`openssl does not read our CRL: ${check.text}`);
    return { value, unit: 's', baseline, ratio: baseline / value, detail: { entries, bytes: child.bytes, peakMB: child.peakMB } };
  } finally {
    work.remove();
  }
}

function opensslCrlSeconds(work: WorkFolder, entries: number): number {
  work.openssl(
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-keyout',
    'ca.key',
    '-out',
    'ca.pem',
    '-subj',
    '/CN=Peer',
    '-days',
    '30',
  );
  const lines: string[] = [];
  for (const { serial } of benchEntries(entries)) lines.push(`R\t301231235959Z\t260101000000Z,keyCompromise\t${serial}\tunknown\t/CN=x`);
  work.write('index.txt', `${lines.join('\n')}\n`);
  work.write('crlnumber', '01\n');
  work.write(
    'ca.conf',
    '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\ncertificate=ca.pem\nprivate_key=ca.key\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n',
  );
  const start = performance.now();
  const made = work.openssl('ca', '-config', 'ca.conf', '-gencrl', '-crldays', '1', '-out', 'peer.crl');
  if (!made.ok) throw new Error(`openssl ca -gencrl failed: ${made.text}`);
  return (performance.now() - start) / 1000;
}
