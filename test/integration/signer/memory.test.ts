import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../../src-main/contract/index.ts';
import { SignerMemory, type RememberedCertificate, type RememberedList } from '../../../src-main/signer/memory.ts';
import { SerialSet } from '../../../src-main/signer/serial-set.ts';

const key = { ckaId: '02', spkiSha256: 'a'.repeat(64) };
const other = { ckaId: '03', spkiSha256: 'b'.repeat(64) };
const uri = 'http://crl.example/crl/i/0.crl';
const now = Date.UTC(2026, 10, 23);
const day = 86_400_000;
const issuerEnds = now + 4000 * day;

const bytes = (text: string): Buffer => Buffer.from(text);
const certificate = (more: Partial<RememberedCertificate> = {}): RememberedCertificate => ({
  serial: bytes('serial-0001'),
  notAfter: now + 10 * day,
  spki: bytes('key 1'),
  subject: bytes('acme/T2-1'),
  tbs: bytes('certificate 1'),
  ...more,
});
function list(number: number, serials: readonly string[], more: Partial<RememberedList> = {}): RememberedList {
  const set = new SerialSet();
  for (const serial of serials) set.add(bytes(serial), 0, serial.length);
  return { number, digest: bytes(`list ${String(number)} ${serials.join()}`), thisUpdate: now, serials: set, ...more };
}

function ruleBroken(work: () => void): string | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof Failure && error.code === 'SESSION_REFUSED') return String(error.params['rule']);
    throw error;
  }
}

let folder: string;
let memory: SignerMemory;
const path = (): string => join(folder, 'signer', 'memory.db');
const reopen = (): void => {
  memory.close();
  memory = SignerMemory.open(path());
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'birthmark-memory-'));
  memory = SignerMemory.open(path());
  memory.add(key);
});
afterEach(() => {
  memory.close();
  rmSync(folder, { recursive: true, force: true });
});
const sign = (one: RememberedList): string | null =>
  ruleBroken(() => {
    memory.list(key, uri, issuerEnds, one);
  });
const issue = (one: RememberedCertificate, by = key): string | null =>
  ruleBroken(() => {
    memory.certificate(by, one);
  });

describe('a certificate', () => {
  it('may be signed twice when it is the same, and never with the serial number of another', () => {
    expect(issue(certificate())).toBeNull();
    reopen();
    expect(issue(certificate())).toBeNull();
    expect(issue(certificate({ tbs: bytes('certificate 2') }))).toMatch(/serial number/u);
    memory.add(other);
    expect(issue(certificate({ tbs: bytes('certificate 3') }), other)).toBeNull();
  });

  it('has a key that no other name has', () => {
    expect(issue(certificate())).toBeNull();
    expect(issue(certificate({ serial: bytes('serial-0002'), tbs: bytes('renewed') }))).toBeNull();
    const second = certificate({ serial: bytes('serial-0003'), subject: bytes('acme/T2-2'), tbs: bytes('another') });
    expect(issue(second)).toMatch(/another name/u);
    memory.add(other);
    expect(issue(second, other)).toMatch(/another name/u);
  });
});

describe('a revocation list', () => {
  it('has a higher number than the last one, also after a new start', () => {
    expect(sign(list(7, []))).toBeNull();
    reopen();
    expect(sign(list(1, []))).toMatch(/1 is not higher than the last one, 7/u);
    expect(sign(list(7, ['serial-0001']))).toMatch(/not higher/u);
    expect(sign(list(7, []))).toBeNull();
    expect(sign(list(8, []))).toBeNull();
  });

  it('counts for its own distribution point and key', () => {
    expect(sign(list(7, []))).toBeNull();
    memory.add(other);
    memory.list(other, uri, issuerEnds, list(1, []));
    memory.list(key, 'http://crl.example/crl/i/1.crl', issuerEnds, list(1, []));
  });

  it('loses no entry before its certificate has ended and the list after that was made', () => {
    expect(issue(certificate())).toBeNull();
    expect(sign(list(1, ['serial-0001']))).toBeNull();
    expect(sign(list(2, []))).toMatch(/lost the entry/u);
    const late = { thisUpdate: now + 11 * day };
    expect(sign(list(2, [], late))).toMatch(/lost the entry/u);
    expect(sign(list(2, ['serial-0001', 'serial-0002'], late))).toBeNull();
    expect(sign(list(3, ['serial-0002'], late))).toBeNull();
  });

  it('keeps an entry of a certificate that is not known until its issuer ends', () => {
    expect(sign(list(1, ['of another life'], { thisUpdate: issuerEnds - day }))).toBeNull();
    expect(sign(list(2, [], { thisUpdate: issuerEnds + day }))).toMatch(/lost the entry/u);
    expect(sign(list(2, ['of another life'], { thisUpdate: issuerEnds + day }))).toBeNull();
    expect(sign(list(3, []))).toBeNull();
  });
});

describe('the lists of a key', () => {
  const second = 'http://crl.example/crl/i/1.crl';
  const bind = (...uris: string[]): string | null => ruleBroken(() => memory.bindPoints(key, uris));

  it('are those that it had first, also after a new start', () => {
    expect(bind(uri)).toBeNull();
    reopen();
    expect(bind(uri)).toBeNull();
    for (const uris of [[second], [uri, second], []]) expect(bind(...uris)).toMatch(/are others/u);
    expect(ruleBroken(() => memory.mustBePoints(other, [second]))).toBeNull();
  });

  it('are among others those of which a list was signed, in a file of an earlier version', () => {
    expect(sign(list(7, []))).toBeNull();
    memory.close();
    const db = new Database(path());
    db.exec('DROP TABLE points');
    db.pragma('user_version = 1');
    db.close();
    memory = SignerMemory.open(path());
    expect(bind(second)).toMatch(/are others/u);
    expect(bind(uri, second)).toBeNull();
    expect(bind(uri)).toMatch(/are others/u);
    expect(sign(list(1, []))).toMatch(/not higher than the last one, 7/u);
  });
});

describe('what is not known', () => {
  it('is no key to sign with', () => {
    expect(memory.knows(other.spkiSha256)).toBe(false);
    expect(issue(certificate(), other)).toMatch(/does not know this key/u);
  });

  it('goes on above what an officer let it learn, and what is known learns nothing', () => {
    memory.learn(other, [{ ckaId: other.ckaId, uri, number: 41 }]);
    expect(ruleBroken(() => memory.list(other, uri, issuerEnds, list(41, [])))).toMatch(/not higher/u);
    expect(ruleBroken(() => memory.list(other, uri, issuerEnds, list(42, ['serial-0001'])))).toBeNull();
    memory.learn(other, [{ ckaId: other.ckaId, uri, number: 1 }]);
    expect(ruleBroken(() => memory.list(other, uri, issuerEnds, list(42, [])))).toMatch(/not higher/u);
  });

  it('is what a damaged file held; it is kept beside the new one', () => {
    memory.close();
    writeFileSync(path(), Buffer.alloc(8192, 7));
    memory = SignerMemory.open(path());
    expect(memory.knows(key.spkiSha256)).toBe(false);
    expect(readdirSync(join(folder, 'signer')).filter((name) => name.includes('damaged'))).toHaveLength(1);
  });
});

it('a set of serial numbers knows each of a hundred thousand, and only these', () => {
  const set = new SerialSet();
  const serial = (n: number): Buffer => Buffer.from(`4fa1b2c3d4e5f607${n.toString(16).padStart(8, '0')}`, 'hex');
  for (let n = 0; n < 100_000; n++) set.add(serial(n), 0, 12);
  expect([set.count, set.add(serial(5), 0, 12)]).toEqual([100_000, false]);
  const missed = Array.from({ length: 200_000 }, (_, n) => n).filter((n) => set.has(serial(n), 0, 12) !== n < 100_000);
  expect(missed).toEqual([]);
});
