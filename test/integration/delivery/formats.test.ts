import { spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { KeyAlgorithm } from '../../../src-main/contract/index.ts';
import { aesZip } from '../../../src-main/station/delivery/aes-zip.ts';
import { newStationKey, type NewKey } from '../../../src-main/station/ca/index.ts';
import { pemBytes } from '../../../src-main/der/index.ts';
import { pkcs12 } from '../../../src-main/station/delivery/pkcs12.ts';
import { WorkFolder } from '../../support/openssl.ts';

const passphrase = 'k4tm-9xq0-"zz p\'w$1-%~';
const work = new WorkFolder();
afterAll(() => work.remove());

const sevenZip = (...args: string[]): { ok: boolean; text: string } => {
  const { status, stdout, stderr, error } = spawnSync('7z', args, { cwd: work.dir, encoding: 'utf8' });
  if (error !== undefined) throw new Error(`7z could not be started: ${error.message}`);
  return { ok: status === 0, text: stdout + stderr };
};

/** A chain of root, issuer and device, the device's key ours. */
function chainFor(key: NewKey, name: string): Buffer[] {
  work.write(`${name}.pem`, pemBytes('PRIVATE KEY', key.pkcs8));
  const openssl = (...args: string[]): void => {
    const { ok, text } = work.openssl(...args);
    if (!ok) throw new Error(text);
  };
  const authority = ['-addext', 'basicConstraints=critical,CA:true', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...authority, '-keyout', 'root.key', '-out', 'root.crt', '-subj', '/CN=Root', '-days', '9');
  openssl(
    'req',
    '-x509',
    ...authority,
    '-CA',
    'root.crt',
    '-CAkey',
    'root.key',
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
    '-subj',
    '/CN=CA',
    '-days',
    '8',
  );
  openssl(
    'req',
    '-x509',
    '-key',
    `${name}.pem`,
    '-CA',
    'ca.crt',
    '-CAkey',
    'ca.key',
    '-out',
    `${name}.crt`,
    '-subj',
    '/CN=acme\\/x',
    '-days',
    '7',
  );
  return [`${name}.crt`, 'ca.crt', 'root.crt'].map((file) => new X509Certificate(readFileSync(work.path(file))).raw);
}

describe.each<KeyAlgorithm>(['ec-p256', 'ec-p384', 'rsa-2048', 'rsa-3072'])('%s as PKCS#12', (algorithm) => {
  let key: NewKey;
  let chain: Buffer[];
  let own: KeyObject;
  let file: Buffer;
  beforeAll(async () => {
    key = await newStationKey(algorithm);
    chain = chainFor(key, algorithm);
    own = createPrivateKey({ key: key.pkcs8, format: 'der', type: 'pkcs8' });
    file = await pkcs12({ pkcs8: key.pkcs8, certificates: chain, friendlyName: 'acme/x' }, passphrase);
    work.write(`${algorithm}.p12`, file);
    work.write('right', passphrase);
    work.write('wrong', `${passphrase}x`);
  });

  test('openssl opens it with the right passphrase: key, names, whole chain; SHA-2 and AES-256 all through', () => {
    const opened = work.openssl('pkcs12', '-in', `${algorithm}.p12`, '-passin', 'file:right', '-nodes');
    expect(opened.ok, opened.text).toBe(true);
    const pem = /-----BEGIN PRIVATE KEY-----[^-]+-----END PRIVATE KEY-----/u.exec(opened.text)?.[0] ?? '';
    expect(createPrivateKey(pem).equals(own)).toBe(true);
    expect(opened.text.match(/friendlyName: acme\/x/gu)).toHaveLength(2);
    expect(new Set(opened.text.match(/localKeyID: .+/gu)).size).toBe(1);
    expect(opened.text.match(/BEGIN CERTIFICATE/gu)).toHaveLength(3);
    const info = work.openssl('pkcs12', '-in', `${algorithm}.p12`, '-passin', 'file:right', '-info', '-noout').text;
    expect(info).toMatch(/MAC: sha256, Iteration 100000/u);
    expect(info.match(/PBES2, PBKDF2, AES-256-CBC, Iteration 100000, PRF hmacWithSHA256/gu)).toHaveLength(2);
  });

  test('a wrong passphrase, and one wrong byte, are found', () => {
    expect(work.openssl('pkcs12', '-in', `${algorithm}.p12`, '-passin', 'file:wrong', '-nodes').ok).toBe(false);
    const damaged = Buffer.from(file);
    damaged[damaged.length - 200] = (damaged[damaged.length - 200] ?? 0) ^ 1;
    work.write('damaged.p12', damaged);
    expect(work.openssl('pkcs12', '-in', 'damaged.p12', '-passin', 'file:right', '-nodes').ok).toBe(false);
  });

  test('certtool reads it, too', () => {
    const read = (password: string): { ok: boolean; text: string } =>
      work.run('certtool', '--p12-info', '--inder', '--infile', `${algorithm}.p12`, '--password', password);
    const opened = read(passphrase);
    expect(opened.ok, opened.text).toBe(true);
    expect(opened.text.match(/BEGIN CERTIFICATE/gu)).toHaveLength(3);
    expect(opened.text).toMatch(/Friendly name: acme\/x/iu);
    expect(read('wrong').text).not.toContain('BEGIN PRIVATE KEY');
  });

  test('Node’s TLS takes it as it is', async () => {
    const server = createServer({
      pfx: file,
      passphrase,
      requestCert: true,
      ca: readFileSync(work.path('root.crt')),
      rejectUnauthorized: true,
    });
    server.on('secureConnection', (socket) => socket.end(String(socket.getPeerCertificate().subject.CN)));
    server.listen(0, '127.0.0.1');
    await new Promise((listening) => server.once('listening', listening));
    const { port } = server.address() as AddressInfo;
    const client = connect({
      port,
      host: '127.0.0.1',
      pfx: file,
      passphrase,
      ca: readFileSync(work.path('root.crt')),
      checkServerIdentity: () => undefined,
    });
    const said = await new Promise<string>((done, failed) => {
      let text = '';
      client.setEncoding('utf8').on('data', (part: string) => (text += part));
      client.once('end', () => done(text)).once('error', failed);
    });
    expect(said).toBe('acme/x');
    await new Promise((closed) => server.close(closed));
  });
});

describe('an AES-256 ZIP', () => {
  const entries = [
    { name: 'README.txt', bytes: Buffer.from('what to do\n') },
    { name: 'key.pem', bytes: Buffer.alloc(5000, 'key ') },
    { name: 'empty', bytes: Buffer.alloc(0) },
    { name: 'one-block', bytes: Buffer.alloc(16, 7) },
  ];
  beforeAll(async () => {
    work.write('bundle.zip', await aesZip(entries, passphrase, Date.parse('2026-06-01T08:00:30.000Z')));
  });

  test('7-Zip opens it with the right passphrase, and every byte is as it was', () => {
    const opened = sevenZip('x', '-y', '-oout', `-p${passphrase}`, 'bundle.zip');
    expect(opened.ok, opened.text).toBe(true);
    expect(readdirSync(work.path('out')).sort()).toEqual(entries.map(({ name }) => name).sort());
    for (const { name, bytes } of entries) expect(readFileSync(work.path(`out/${name}`))).toEqual(bytes);
    const listed = sevenZip('l', '-slt', 'bundle.zip').text;
    expect(listed.match(/Method = AES-256 Store/gu)).toHaveLength(entries.length);
    expect(listed).toContain('Modified = 2026-06-01 08:00:30');
  });

  test('with a wrong passphrase, without one, or with a changed byte, 7-Zip gives nothing', () => {
    for (const given of [`-p${passphrase}x`, '-p']) {
      const opened = sevenZip('t', given, 'bundle.zip');
      expect(opened.ok).toBe(false);
      expect(opened.text).toMatch(/Wrong password/u);
    }
    const damaged = readFileSync(work.path('bundle.zip'));
    damaged[80] = (damaged[80] ?? 0) ^ 1;
    work.write('damaged.zip', damaged);
    expect(sevenZip('t', `-p${passphrase}`, 'damaged.zip').ok).toBe(false);
  });
});
