import fc from 'fast-check';
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Redactor } from '../../../src-main/log/redact.ts';
import { Secrets } from '../../../src-main/log/secrets.ts';

const mark = '[hidden]';
const redactorOf = (...held: readonly (string | Uint8Array)[]): Redactor => {
  const secrets = new Secrets();
  for (const secret of held) secrets.hold(secret);
  return new Redactor(secrets);
};

/** What no line is made of by chance, so that finding it means that it was written. */
const secretText = fc
  .string({ unit: 'grapheme', minLength: 8, maxLength: 24 })
  .filter((text) => text.trim().length >= 8 && new Set(text).size >= 5 && !/[\u0000\ud800-\udfff]/u.test(text));
const around = fc.string({ maxLength: 20 });

/** How a program may come to write a secret in a text. */
const writings: Readonly<Record<string, (secret: string) => string>> = {
  'as it is': (secret) => secret,
  'in JSON': (secret) => JSON.stringify({ said: secret }),
  'in an address': (secret) => `https://host/?p=${encodeURIComponent(secret)}&q=1`,
  base64: (secret) => Buffer.from(secret).toString('base64'),
  'base64 behind something': (secret) => `Basic ${Buffer.from(`user:${secret}`).toString('base64')}`,
  base64url: (secret) => Buffer.from(`{"pin":"${secret}"}`).toString('base64url'),
  'base64 behind characters of base64': (secret) => `key/${Buffer.from(secret).toString('base64url')}`,
  'base64 behind more of them': (secret) => `/key/${Buffer.from(secret).toString('base64')}`,
  hexadecimal: (secret) => Buffer.from(secret).toString('hex'),
  HEXADECIMAL: (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
  'as Node shows bytes': (secret) => inspect(Buffer.from(secret)),
  'as a list of bytes': (secret) => JSON.stringify([...Buffer.from(secret)]),
};

const occursIn = (secret: string, text: string): string[] =>
  Object.entries(writings)
    .filter(([, write]) => text.includes(write(secret)))
    .map(([name]) => name);

/** Names and texts of what would be written. */
function textsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [String(value)];
  const items = Object.entries(value).flatMap(([name, item]) => [name, ...textsIn(item)]);
  return Array.isArray(value) ? [JSON.stringify(value), ...items] : items;
}

/** Values of any shape with the secret at one place of them, in one of its writings. */
const planted = (secret: string): fc.Arbitrary<unknown> => {
  const text = fc
    .tuple(fc.constantFrom(...Object.values(writings)), around, around)
    .map(([write, before, after]) => `${before} ${write(secret)} ${after}`);
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      text,
      fc.constant(Buffer.from(secret)),
      text.map((message) => new Error(message, { cause: new TypeError(message) })),
      fc.tuple(text, fc.jsonValue()).map(([name, item]) => ({ [name]: item })),
      fc.tuple(fc.jsonValue(), tie('value')).map((items) => items),
      fc.constant([...Buffer.from(secret)]),
      fc.tuple(fc.string({ maxLength: 8 }), tie('value')).map(([name, item]) => ({ [name]: item, beside: 1 })),
    ),
  }));
  return value;
};

describe('by value', () => {
  test('a secret that is in use is gone, wherever in a value it stands and however it is written', () => {
    fc.assert(
      fc.property(
        secretText.chain((secret) => fc.tuple(fc.constant(secret), planted(secret))),
        ([secret, value]) => {
          const redactor = redactorOf(secret);
          expect(textsIn(redactor.value(value)).flatMap((text) => occursIn(secret, text))).toEqual([]);
          expect(occursIn(secret, redactor.text(inspect(value, { depth: 12, maxStringLength: null })))).toEqual([]);
        },
      ),
      { numRuns: 400 },
    );
  });

  test.each(Object.entries(writings))('%s', (_, write) => {
    const text = write('Zq7%K"w\\ ü9');
    expect(redactorOf('Zq7%K"w\\ ü9').text(text)).toContain(mark);
    expect(redactorOf('another one').text(text)).toBe(text);
  });

  test('a PIN of digits is gone as a number too', () => {
    expect(redactorOf('739154').value({ tried: 739154, at: 12739154, n: 7 })).toEqual({ tried: mark, at: mark, n: 7 });
  });

  test('bytes of a secret are gone as a list of numbers; other numbers stay', () => {
    expect(redactorOf('swordfish').value({ sent: [1, ...Buffer.from('swordfish')], slots: [1, 2, 3, 4] })).toEqual({
      sent: mark,
      slots: [1, 2, 3, 4],
    });
  });

  test('what is released is written again; what two hold stays hidden until both let go', () => {
    const secrets = new Secrets();
    const redactor = new Redactor(secrets);
    const [one, two] = [secrets.hold('swordfish'), secrets.hold('swordfish')];
    one();
    expect(redactor.text('say swordfish')).toBe(`say ${mark}`);
    two();
    expect(redactor.text('say swordfish')).toBe('say swordfish');
  });

  test('bytes that their owner wiped hide nothing any more, and are not kept as a copy', () => {
    const key = Buffer.from('a key of the owner');
    const redactor = redactorOf(key);
    expect(redactor.text('a key of the owner')).toBe(mark);
    key.fill(0);
    expect(redactor.text('a key of the owner \0\0\0\0')).toBe('a key of the owner \0\0\0\0');
  });

  test('the secrets in the fields of a call are hidden while it runs, also when it fails', async () => {
    const secrets = new Secrets();
    const redactor = new Redactor(secrets);
    const input = {
      name: 'officer',
      login: { password: 'correct horse' },
      pins: ['853111'],
      file: { keyPem: Buffer.from('battery staple') },
    };
    const said = await secrets
      .during(input, () => Promise.reject(new Error(redactor.text('officer, correct horse, 853111, battery staple'))))
      .catch((thrown: unknown) => (thrown as Error).message);
    expect(said).toBe(`officer, ${mark}, ${mark}, ${mark}`);
    expect(redactor.text('correct horse')).toBe('correct horse');
  });

  test('what a call answers with is hidden briefly, wherever a secret stands in it', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const secrets = new Secrets();
    const redactor = new Redactor(secrets);
    await secrets.during({}, () => Promise.resolve({ username: 'acme/S-1', made: [{ password: 'correct horse' }] }));
    expect(redactor.text('acme/S-1 correct horse')).toBe(`acme/S-1 ${mark}`);
    vi.runAllTimers();
    expect(redactor.text('correct horse')).toBe('correct horse');
  });
});

describe('by field', () => {
  test('whatever stands in a field that is named like a secret is gone', () => {
    const named = fc.constantFrom(
      'pin', 'userPin', 'PIN', 'password', 'passwordHash', 'passphrase', 'clientSecret', 'secrets', 'token', 'accessToken', 'credential',
      'authorization', 'cookie', 'key', 'privateKey', 'keyPem', 'wrap_key', 'API-KEY',
    ); // prettier-ignore
    fc.assert(
      fc.property(named, secretText, fc.array(fc.constantFrom('a', 'b')), (name, secret, path) => {
        const value = path.reduce<unknown>((inner, step) => (step === 'a' ? { a: inner } : [inner]), { [name]: { deep: [secret] } });
        expect(JSON.stringify(redactorOf().value(value))).not.toContain(JSON.stringify(secret).slice(1, -1));
      }),
    );
  });

  test('public things with such names stay', () => {
    const open = { tokenLabel: 'HSM 1', publicKey: 'MFkw', keyId: 'a1', keyAlgorithm: 'ec-p256', serial: '0a0b0c0d0e0f' };
    expect(redactorOf().value(open)).toEqual(open);
  });
});

describe('private keys that nobody told of', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const pkcs8 = privateKey.export({ type: 'pkcs8', format: 'der' });
  test.each([
    ['PKCS#8 in PEM', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()],
    ['PEM in JSON', JSON.stringify({ text: privateKey.export({ type: 'sec1', format: 'pem' }) })],
    ['PEM that is cut off', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString().slice(0, 120)],
    ['PKCS#8 in base64', `got ${pkcs8.toString('base64')} instead`],
    ['PKCS#8 in hexadecimal', pkcs8.toString('hex')],
    ['ECPrivateKey in base64', privateKey.export({ type: 'sec1', format: 'der' }).toString('base64url')],
    ['RSAPrivateKey in base64', rsa.export({ type: 'pkcs1', format: 'der' }).toString('base64')],
    ['PKCS#8 of RSA as bytes', JSON.stringify([...rsa.export({ type: 'pkcs8', format: 'der' })])],
    ['a JSON Web Key', JSON.stringify({ ...privateKey.export({ format: 'jwk' }), x: '', y: '' }).padEnd(200)],
  ])('%s', (_, text) => {
    const { d = '' } = privateKey.export({ format: 'jwk' });
    const clean = redactorOf().text(text);
    expect(clean).toContain(mark);
    for (const part of [d, text.slice(80, 110)]) expect(clean).not.toContain(part);
  });

  test('a line of a key’s PEM by itself, while the key is in use', () => {
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const lines = pem.split('\n').slice(1, -2);
    const redactor = redactorOf(pem);
    expect(lines.map((line) => redactor.text(`peer said: ${line}`))).toEqual(lines.map(() => `peer said: ${mark}`));
    expect(redactorOf(pkcs8).text(lines[1] ?? '')).toBe(mark);
  });

  test('each line of it whole, wherever a character stands that is written otherwise in an address', () => {
    const line = (plusAt: number): string => {
      const base64 = createHash('sha384').update(String(plusAt)).digest('base64').replace(/[+/]/gu, 'x');
      return `${base64.slice(0, plusAt)}+${base64.slice(plusAt + 1)}`;
    };
    const lines = Array.from({ length: 64 }, (_, plusAt) => line(plusAt));
    const redactor = redactorOf(lines.join('\n'));
    expect(lines.map((one) => redactor.text(`peer said: ${one}`))).toEqual(lines.map(() => `peer said: ${mark}`));
  });

  test('what is no secret stays as it is: serial numbers, digests, public keys, stacks', () => {
    const spki = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).publicKey.export({ type: 'spki', format: 'der' });
    const stack = new Error('no such file').stack ?? '';
    const texts = [randomBytes(16).toString('hex'), randomBytes(32).toString('base64'), spki.toString('base64'), stack];
    const redactor = redactorOf('swordfish', pkcs8);
    expect(texts.map((text) => redactor.text(text))).toEqual(texts);
  });
});
