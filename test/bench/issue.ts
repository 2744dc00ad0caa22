import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto';
import pkcs11js from 'pkcs11js';
import type { KeyRef, TokenRef } from '../../src-main/contract/index.ts';
import {
  assembleCertificate,
  buildDeviceTbs,
  certificateToPem,
  checkCsr,
  crlUri,
  newSerial,
  readCertificate,
} from '../../src-main/station/ca/index.ts';
import { benchEntries } from './crl-entries.ts';
import { newEcCsr } from '../support/csr.ts';
import { WorkFolder } from '../support/openssl.ts';
import { makeShimFolder } from '../support/shim.ts';
import { crlBase, issueTerms, makeHierarchy, shippedProfile, SignerBench, testPin, type Hierarchy } from '../support/signer.ts';
import { softhsmPath, type TokenFolder } from '../support/token.ts';

export interface Figure {
  readonly value: number;
  readonly unit: string;
  readonly baseline?: number;
  readonly ratio?: number;
  readonly detail?: Record<string, unknown>;
}

/** Where certificates are recorded durably: reserved before the token is asked, recorded before they are released. */
export interface Recorder {
  readonly reserve: (serial: string) => Promise<void>;
  readonly record: (certificate: { readonly serial: string; readonly der: Buffer; readonly fingerprint: string }) => Promise<void>;
  readonly close: () => void;
}
export interface IssueOptions {
  readonly openRecorder?: () => Recorder;
}

interface Station {
  readonly bench: SignerBench;
  readonly token: TokenRef;
  readonly made: Hierarchy;
}

async function openStation(folder?: TokenFolder): Promise<Station> {
  const bench = new SignerBench(folder === undefined ? {} : { folder });
  await bench.start();
  const token = await bench.makeToken();
  const made = await makeHierarchy(bench, token);
  await bench.openSession(issueTerms(bench, token, made.issuer, 'device', { quota: 100_000, perMinute: 10_000_000 }));
  return { bench, token, made };
}

/** Certificates per second from requests: checks, build, sign, verify, record. `parallel` requests are under way at any time. */
async function issueRate({ bench, made }: Station, count: number, parallel: number, recorder: Recorder | undefined): Promise<number> {
  const profile = shippedProfile('device');
  const { issuer, proof } = made.issuer;
  const requests = Array.from({ length: 64 }, newEcCsr);
  const uri = crlUri(crlBase, 'issuer-1');
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      const index = next++;
      const { spki } = checkCsr(requests[index % requests.length] ?? Buffer.alloc(0), profile);
      const serial = newSerial();
      const subject = { tenant: 'acme', device: `T2-${String(index).padStart(6, '0')}` };
      const { tbs } = buildDeviceTbs({ issuer, profile, spki, subject, serial, now: bench.clock.now(), crlUri: uri });
      await recorder?.reserve(serial);
      const { signature } = await bench.client('sign.certificate', { key: proof.key, profile: 'device', tbs });
      const der = assembleCertificate(tbs, issuer, signature);
      await recorder?.record({ serial, der, fingerprint: readCertificate(der).fingerprint });
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: parallel }, work));
  return (count * 1000) / (performance.now() - start);
}

/** Raw C_SignInit + C_Sign in a tight loop on the same token and key, by the same binding and with nothing around it. */
function rawRate({ bench, token }: Station, key: KeyRef, count: number): number {
  const library = new pkcs11js.PKCS11(bench.folder.module.path);
  const slot = library.C_GetSlotList(true).find((one) => library.C_GetTokenInfo(one).serialNumber.trim() === token.serial);
  if (slot === undefined) throw new Error('the token is not there');
  // Logged in already: the login belongs to the process, and the signing session is open.
  const session = library.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION);
  library.C_FindObjectsInit(session, [
    { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_PRIVATE_KEY },
    { type: pkcs11js.CKA_ID, value: Buffer.from(key.ckaId, 'hex') },
  ]);
  const handle = library.C_FindObjects(session);
  library.C_FindObjectsFinal(session);
  if (handle === null) throw new Error('the key is not there');
  const [digest, output] = [createHash('sha256').update(testPin).digest(), Buffer.alloc(128)];
  const start = performance.now();
  for (let i = 0; i < count; i++) {
    library.C_SignInit(session, { mechanism: pkcs11js.CKM_ECDSA }, handle);
    library.C_Sign(session, digest, output);
  }
  const rate = (count * 1000) / (performance.now() - start);
  library.C_CloseSession(session);
  return rate;
}

/** Seconds that one P-256 verification takes here; a certificate needs two, for the request and for the new signature. */
function verifySeconds(count: number): number {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const data = Buffer.alloc(500, 1);
  const signature = sign('sha256', data, privateKey);
  const start = performance.now();
  for (let i = 0; i < count; i++) verify('sha256', data, publicKey, signature);
  return (performance.now() - start) / 1000 / count;
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/**
 * `issue`: against the raw C_Sign rate of the same token and key, in alternating rounds. `ofBareCrypto` in the detail is the share of
 * what one thread could do with the three curve operations of a certificate (sign once, verify twice) and nothing else.
 */
export async function issue({ openRecorder }: IssueOptions = {}): Promise<Figure> {
  const station = await openStation();
  const recorder = openRecorder?.();
  try {
    const [ours, raw, bare]: [number[], number[], number[]] = [[], [], []];
    await issueRate(station, 500, 16, undefined);
    for (let round = 0; round < 5; round++) {
      const rawNow = rawRate(station, station.made.issuer.proof.key, 5000);
      raw.push(rawNow);
      bare.push(1 / (1 / rawNow + 2 * verifySeconds(2000)));
      ours.push(await issueRate(station, 2000, 16, recorder));
    }
    const [value, baseline] = [median(ours), median(raw)];
    const detail = {
      recorded: recorder !== undefined,
      parallel: 16,
      ofBareCrypto: value / median(bare),
      rounds: ours.map(Math.round),
      raw: raw.map(Math.round),
    };
    return { value, unit: 'certificates/s', baseline, ratio: value / baseline, detail };
  } finally {
    recorder?.close();
    await station.bench.stop();
  }
}

/** `issue-memory`: how much more memory (RSS, signer and station in one process) 95,000 certificates need than the 5,000 before them. */
export async function issueMemory({ openRecorder }: IssueOptions = {}): Promise<Figure> {
  const station = await openStation();
  const recorder = openRecorder?.();
  const rss = (): number => process.memoryUsage.rss() / 1024 ** 2;
  try {
    await issueRate(station, 5_000, 16, recorder);
    const before = rss();
    const rate = await issueRate(station, 95_000, 16, recorder);
    const after = rss();
    return { value: after - before, unit: 'MB', detail: { before, after, certificates: 95_000, rate } };
  } finally {
    recorder?.close();
    await station.bench.stop();
  }
}

/** `issue-shell`: against a shell loop of `openssl x509 -req` with the pkcs11 engine on the same token and key. */
export async function issueShell({ openRecorder }: IssueOptions = {}): Promise<Figure> {
  const station = await openStation();
  const recorder = openRecorder?.();
  const work = new WorkFolder();
  try {
    const { proof, certificate } = station.made.issuer;
    work.write('issuer.pem', certificateToPem(certificate));
    work.write('request.der', newEcCsr());
    const key = `pkcs11:serial=${station.token.serial};id=%${proof.key.ckaId};type=private;pin-value=${testPin}`;
    const one = `openssl x509 -req -inform DER -in request.der -CA issuer.pem -CAkeyform engine -engine pkcs11 -CAkey '${key}' -days 365 -out out.pem`;
    const count = 20;
    const start = performance.now();
    execFileSync('sh', ['-c', `set -e; for i in $(seq ${count}); do ${one}; done`], {
      cwd: work.dir,
      env: { ...process.env, ...station.bench.folder.module.env, PKCS11_MODULE_PATH: softhsmPath() },
      stdio: 'pipe',
    });
    const baseline = (count * 1000) / (performance.now() - start);
    const value = await issueRate(station, 2000, 16, recorder);
    return { value, unit: 'certificates/s', baseline, ratio: value / baseline, detail: { recorded: recorder !== undefined } };
  } finally {
    work.remove();
    recorder?.close();
    await station.bench.stop();
  }
}

/** `issue-usb`: behind a token that takes 73 ms for a signature, as a USB HSM does for P-256; the bound is 1/73 ms. */
export async function issueUsb({ openRecorder }: IssueOptions = {}): Promise<Figure> {
  const station = await openStation(makeShimFolder(73));
  const recorder = openRecorder?.();
  try {
    const [value, baseline] = [await issueRate(station, 120, 8, recorder), 1000 / 73];
    return { value, unit: 'certificates/s', baseline, ratio: value / baseline, detail: { recorded: recorder !== undefined, parallel: 8 } };
  } finally {
    recorder?.close();
    await station.bench.stop();
  }
}

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
