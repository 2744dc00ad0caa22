import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync, sign, verify } from 'node:crypto';
import pkcs11js from 'pkcs11js';
import { certificateToPem } from '../../src-main/station/ca/index.ts';
import { newEcCsr } from '../support/csr.ts';
import { WorkFolder } from '../support/openssl.ts';
import { makeShimFolder } from '../support/shim.ts';
import { testPin } from '../support/signer.ts';
import { softhsmPath } from '../support/token.ts';
import { median, type Figure } from './figure.ts';
import { IssueServices } from './issue-services.ts';

const parallel = 16;
const rounds = 5;
const perRound = 2000;

/** Raw C_SignInit + C_Sign in a tight loop on the same token and key, by the same binding and with nothing around it, in this process. */
class RawSigner {
  readonly #library: pkcs11js.PKCS11;
  readonly #session: Buffer;
  readonly #key: Buffer;

  constructor({ bench, token, made }: IssueServices) {
    Object.assign(process.env, bench.folder.module.env);
    this.#library = new pkcs11js.PKCS11(bench.folder.module.path);
    this.#library.C_Initialize();
    const slot = this.#library.C_GetSlotList(true).find((one) => this.#library.C_GetTokenInfo(one).serialNumber.trim() === token.serial);
    if (slot === undefined) throw new Error('the token is not there');
    this.#session = this.#library.C_OpenSession(slot, pkcs11js.CKF_SERIAL_SESSION);
    this.#library.C_Login(this.#session, pkcs11js.CKU_USER, testPin);
    this.#library.C_FindObjectsInit(this.#session, [
      { type: pkcs11js.CKA_CLASS, value: pkcs11js.CKO_PRIVATE_KEY },
      { type: pkcs11js.CKA_ID, value: Buffer.from(made.issuer.proof.key.ckaId, 'hex') },
    ]);
    const key = this.#library.C_FindObjects(this.#session);
    this.#library.C_FindObjectsFinal(this.#session);
    if (key === null) throw new Error('the key is not there');
    this.#key = key;
  }

  rate(count: number): number {
    const [digest, output] = [createHash('sha256').update(testPin).digest(), Buffer.alloc(128)];
    const start = performance.now();
    for (let i = 0; i < count; i++) {
      this.#library.C_SignInit(this.#session, { mechanism: pkcs11js.CKM_ECDSA }, this.#key);
      this.#library.C_Sign(this.#session, digest, output);
    }
    return (count * 1000) / (performance.now() - start);
  }

  close(): void {
    this.#library.C_Finalize();
  }
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

/**
 * `issue`: against the raw C_Sign rate of the same token and key, in alternating rounds. `ofBareCrypto` in the detail is the share of
 * what one thread could do with the three curve operations of a certificate (sign once, verify twice) and nothing else.
 */
export async function issue(): Promise<Figure> {
  const services = await IssueServices.start();
  const signer = new RawSigner(services);
  try {
    const [ours, raw, bare]: [number[], number[], number[]] = [[], [], []];
    await services.rate(perRound, parallel);
    const cpu = { station: 0, signer: 0, supervisor: 0 };
    for (let round = 0; round < rounds; round++) {
      const rawNow = signer.rate(5000);
      raw.push(rawNow);
      bare.push(1 / (1 / rawNow + 2 * verifySeconds(2000)));
      const before = services.cpu();
      ours.push(await services.rate(perRound, parallel));
      const after = services.cpu();
      for (const name of ['station', 'signer', 'supervisor'] as const) cpu[name] += after[name] - before[name];
    }
    const [value, baseline] = [median(ours), median(raw)];
    const cpuMs = Object.fromEntries(Object.entries(cpu).map(([name, seconds]) => [name, (seconds * 1000) / (rounds * perRound)]));
    const detail = { cpuMs, parallel, ofBareCrypto: value / median(bare), rounds: ours.map(Math.round), raw: raw.map(Math.round) };
    return { value, unit: 'certificates/s', baseline, ratio: value / baseline, detail };
  } finally {
    signer.close();
    await services.stop();
  }
}

/** `issue-memory`: how much more memory (RSS of signer and station) 70,000 certificates need than the 30,000 before them, in which the heaps grow to their size. */
export async function issueMemory(): Promise<Figure> {
  const services = await IssueServices.start();
  try {
    const rates: number[] = [];
    const issueMany = async (count: number): Promise<number> => {
      for (let done = 0; done < count; done += 5000) rates.push(await services.rate(5000, parallel));
      return services.rss();
    };
    const [before, after] = [await issueMany(30_000), await issueMany(70_000)];
    return { value: after - before, unit: 'MB', detail: { before, after, certificates: 70_000, rate: median(rates) } };
  } finally {
    await services.stop();
  }
}

/** `issue-shell`: against a shell loop of `openssl x509 -req` with the pkcs11 engine on the same token and key. */
export async function issueShell(): Promise<Figure> {
  const services = await IssueServices.start();
  const work = new WorkFolder();
  try {
    const { proof, certificate } = services.made.issuer;
    work.write('issuer.pem', certificateToPem(certificate));
    work.write('request.der', newEcCsr());
    const key = `pkcs11:serial=${services.token.serial};id=%${proof.key.ckaId};type=private;pin-value=${testPin}`;
    const one = `openssl x509 -req -inform DER -in request.der -CA issuer.pem -CAkeyform engine -engine pkcs11 -CAkey '${key}' -days 365 -out out.pem`;
    const count = 20;
    const start = performance.now();
    execFileSync('sh', ['-c', `set -e; for i in $(seq ${count}); do ${one}; done`], {
      cwd: work.dir,
      env: { ...process.env, ...services.bench.folder.module.env, PKCS11_MODULE_PATH: softhsmPath() },
      stdio: 'pipe',
    });
    const baseline = (count * 1000) / (performance.now() - start);
    const value = await services.rate(2000, parallel);
    return { value, unit: 'certificates/s', baseline, ratio: value / baseline };
  } finally {
    work.remove();
    await services.stop();
  }
}

/** `issue-usb`: behind a token that takes 73 ms for a signature, as a USB HSM does for P-256; the bound is 1/73 ms. */
export async function issueUsb(): Promise<Figure> {
  const services = await IssueServices.start(makeShimFolder(73));
  try {
    await services.rate(8, 8);
    const [value, baseline] = [await services.rate(120, 8), 1000 / 73];
    return { value, unit: 'certificates/s', baseline, ratio: value / baseline, detail: { parallel: 8 } };
  } finally {
    await services.stop();
  }
}
