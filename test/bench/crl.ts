import { execFileSync } from 'node:child_process';
import { WorkFolder } from '../support/openssl.ts';
import { benchEntries } from './crl-entries.ts';
import { median, type Figure } from './figure.ts';

/** `crl-100k` and `crl-1m`: against `openssl ca -gencrl` with a software key on the same entries, in alternating rounds. */
export const crl100k = async (): Promise<Figure> => crl(100_000, 5);
export const crl1m = async (): Promise<Figure> => crl(1_000_000, 1);

interface CrlRun {
  readonly ms: number;
  readonly bytes: number;
  readonly peakMB: number;
}

async function crl(entries: number, rounds: number): Promise<Figure> {
  const work = new WorkFolder();
  try {
    preparePeer(work, entries);
    const [ours, peer]: [CrlRun[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      ours.push(writeOne(work, entries));
      peer.push(peerSeconds(work));
    }
    const check = work.openssl('crl', '-in', 'ours.crl', '-inform', 'DER', '-noout', '-crlnumber');
    if (!check.ok) throw new Error(`openssl does not read our CRL: ${check.text}`);
    const [value, baseline] = [median(ours.map(({ ms }) => ms)) / 1000, median(peer)];
    const [bytes, peakMB] = [ours[0]?.bytes, Math.max(...ours.map((one) => one.peakMB))];
    const detail = { entries, bytes, peakMB, rounds: ours.map(({ ms }) => Math.round(ms)), peer: peer.map((s) => Math.round(s * 1000)) };
    return { value, unit: 's', baseline, ratio: baseline / value, detail };
  } finally {
    work.remove();
  }
}

function writeOne(work: WorkFolder, entries: number): CrlRun {
  const child = new URL('crl-child.ts', import.meta.url).pathname;
  return JSON.parse(execFileSync(process.execPath, [child, String(entries), work.path('ours.crl')], { encoding: 'utf8' })) as CrlRun;
}

/** A CA with a software key, and the entries in OpenSSL's own database. */
function preparePeer(work: WorkFolder, entries: number): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'ca.key'];
  work.openssl('req', '-x509', ...key, '-out', 'ca.pem', '-subj', '/CN=Peer', '-days', '30');
  const lines: string[] = [];
  for (const { serial } of benchEntries(entries)) lines.push(`R\t301231235959Z\t260101000000Z,keyCompromise\t${serial}\tunknown\t/CN=x`);
  work.write('index.txt', `${lines.join('\n')}\n`);
  work.write('crlnumber', '01\n');
  work.write(
    'ca.conf',
    '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\ncertificate=ca.pem\nprivate_key=ca.key\ncrl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid\n',
  );
}

function peerSeconds(work: WorkFolder): number {
  const start = performance.now();
  const made = work.openssl('ca', '-config', 'ca.conf', '-gencrl', '-crldays', '1', '-out', 'peer.crl');
  if (!made.ok) throw new Error(`openssl ca -gencrl failed: ${made.text}`);
  return (performance.now() - start) / 1000;
}
