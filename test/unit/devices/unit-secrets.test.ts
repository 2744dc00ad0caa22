import { createPrivateKey, randomBytes } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { catalogue, Failure, parametersOf, type ErrorCode } from '../../../src-main/contract/index.ts';
import { pemBytes } from '../../../src-main/der/index.ts';
import { makeStationKey } from '../../../src-main/station/ca/index.ts';
import type { CallOptions, Credentials, UnitSession } from '../../../src-main/station/devices/index.ts';
import { GuardedSession } from '../../../src-main/station/devices/guarded-session.ts';
import { UnitSecrets } from '../../../src-main/station/devices/unit-secrets.ts';

const key = await makeStationKey('ec-p256', 'acme/F-1');
const rsa = await makeStationKey('rsa-2048', 'acme/F-1');
const secrets = new UnitSecrets();
afterEach(() => secrets.wipe());

/** The ways in which a profile sends a key. */
function writingsOf(pkcs8: Uint8Array): Record<string, string> {
  const der = Buffer.from(pkcs8);
  const object = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const own = object.export({ format: 'der', type: object.asymmetricKeyType === 'ec' ? 'sec1' : 'pkcs1' });
  const pem = pemBytes('PRIVATE KEY', der);
  const crlf = pem.toString('latin1').replaceAll('\n', '\r\n');
  return {
    base64: der.toString('base64'),
    hex: der.toString('hex'),
    HEX: der.toString('hex').toUpperCase(),
    PEM: pem.toString('latin1'),
    'PEM with CRLF': crlf,
    'escaped PEM': pem.toString('latin1').replaceAll('\n', '\\n'),
    'PEM in base64': pem.toString('base64'),
    'PEM with CRLF in base64': Buffer.from(crlf).toString('base64'),
    'PEM in hex': pem.toString('hex'),
    'own format in base64': own.toString('base64'),
    'own format in hex': own.toString('hex'),
  };
}

/** Its private number, and what of it any of these writings would show. */
const parts = (text: string): string[] => Array.from({ length: Math.floor(text.length / 12) }, (_, i) => text.slice(i * 12, i * 12 + 12));

describe.each([
  ['an EC key', key.pkcs8],
  ['an RSA key', rsa.pkcs8],
])('%s', (_, pkcs8) => {
  test.each(Object.entries(writingsOf(pkcs8)))('in %s is found by its value, whole and in pieces of a line', (_writing, text) => {
    secrets.addKey(pkcs8);
    const hidden = secrets.hide(`ERROR: what is "${text}"?`);
    expect(hidden).toContain('‹secret›');
    const d = createPrivateKey({ key: Buffer.from(pkcs8), format: 'der', type: 'pkcs8' }).export({ format: 'jwk' }).d ?? '';
    const raw = Buffer.from(d, 'base64url');
    for (const form of [raw.toString('hex'), raw.toString('hex').toUpperCase()]) expect(hidden).not.toContain(form.slice(2, 18));
    const last = parts(text.replace(/-----[A-Z ]+-----|\s|\\n/gu, '')).slice(-3);
    for (const part of last) expect(hidden).not.toContain(part);
    const middle = text.slice(text.length / 2, text.length / 2 + 20);
    expect(secrets.hide(`ERROR: ${middle}`)).not.toContain(middle.trim());
  });
});

test('a key that was wiped is held no more; other text is left as it is', () => {
  secrets.addKey(key.pkcs8);
  const certificate = randomBytes(500).toString('base64');
  expect(secrets.hide(certificate)).toBe(certificate);
  secrets.wipe();
  const text = Buffer.from(key.pkcs8).toString('base64');
  expect(secrets.hide(text)).toBe(text);
});

test('a password is found in the forms in which it is written, and where a text was cut in the middle of it', () => {
  secrets.addText('correct horse 7');
  const forms = [
    Buffer.from('correct horse 7'),
    Buffer.from('correct horse 7').toString('base64'),
    Buffer.from('correct horse 7').toString('hex'),
  ];
  for (const form of forms) expect(secrets.hide(`no ${String(form)}.`)).toBe('no ‹secret›.');
  expect(secrets.hideInCut('no answer to LOGIN correct hor')).toBe('no answer to LOGIN ‹secret›');
});

const password = 'hunter-2-and-more';
const keyText = Buffer.from(key.pkcs8).toString('base64').slice(60, 100);
const secretText = `${password} ${keyText}`;
const calls = {
  identify: (session, options) => session.identify(options),
  generateKey: (session, options) => session.generateKey('a/b', options),
  install: (session, options) => session.install({ ...credentials }, unit, options),
  installAhead: (session, options) => session.installAhead?.(credentials, unit, options) ?? Promise.resolve(),
  readBack: (session, options) => session.readBack([], options),
  provePossession: (session, options) => session.provePossession(Buffer.alloc(1), options),
  activate: (session, options) => session.activate(options),
  selfTest: (session, options) => session.selfTest('n', 'f', options),
  lock: (session, options) => session.lock(options),
  erase: (session, options) => session.erase(options),
  close: (session) => session.close(),
} satisfies Record<string, (session: UnitSession, options: CallOptions) => Promise<unknown>>;
const credentials: Credentials = {
  certificateChain: [],
  trustAnchors: [],
  broker: { host: 'h', port: 1, clientId: 'c', topicBase: 'b', serverName: 's' },
  privateKey: key.pkcs8,
};
const unit = { hardwareId: 'U', model: 'm', firmware: '1', locked: false };

/** A driver that puts the secret into every place of a failure of this code. */
function refusing(code: ErrorCode): UnitSession {
  const params = Object.fromEntries(
    [...parametersOf(code), ...('facts' in catalogue[code] ? catalogue[code].facts : [])].map((name) => [name, secretText]),
  );
  const fails = (): Promise<never> => {
    const failure = Failure.fromData({ code, params, retry: catalogue[code].retry, detail: secretText });
    failure.cause = new Error(secretText, { cause: new Error(`below: ${secretText}`) });
    return Promise.reject(failure);
  };
  const capabilities = { keyOnDevice: false, unread: [], possession: true, selfTest: true, lock: true } as const;
  return {
    capabilities,
    ...(Object.fromEntries(Object.keys(calls).map((name) => [name, fails])) as unknown as Omit<UnitSession, 'capabilities'>),
  };
}

/** Everything of an error that anybody could write somewhere. */
function everything(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const data = thrown instanceof Failure ? JSON.stringify([thrown.toData(), thrown.params]) : '';
  return [thrown.message, thrown.stack, thrown.name, data, thrown.cause === undefined ? '' : everything(thrown.cause)].join('\n');
}

describe.each(Object.keys(catalogue) as ErrorCode[])('%s', (code) => {
  test('from any call of a session has a secret in no place, and keeps its code and its cause', async () => {
    const guard = new UnitSecrets();
    guard.addText(password);
    guard.addKey(key.pkcs8);
    const session = new GuardedSession(refusing(code), guard);
    for (const [name, call] of Object.entries(calls)) {
      const thrown: unknown = await call(session, { signal: new AbortController().signal }).then(
        () => 'no failure',
        (error: unknown) => error,
      );
      expect(thrown, name).toMatchObject({ code, cause: { cause: {} } });
      expect(everything(thrown), name).not.toContain(password);
      expect(everything(thrown), name).not.toContain(keyText.slice(8, 24));
    }
  });
});
