import { createHash } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { openUnit, parseDeviceProfile, replayTranscript, type TranscriptLine } from '../../../src-main/station/devices/index.ts';
import { linePeer } from '../../support/console/line-peer.ts';

/** A modem that speaks one JSON object a line, by its profile alone; and what playing its transcript again finds out. */
const disposables: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const dispose of disposables.splice(0).reverse()) await dispose();
});

const ask = (command: string, name: string): unknown => ({
  send: `{"cmd":"${command}"}`,
  expect: { ok: `(?<${name}>\\{"ok":true.*)`, errors: [{ match: '\\{"ok":false.*', failure: 'DEVICE_REFUSED' }] },
});
const profile = parseDeviceProfile(
  'json.json',
  JSON.stringify({
    name: 'json',
    driver: 'console',
    summary: 's',
    manual: [{ title: 'm', version: '1' }],
    keyAlgorithm: 'ec-p256',
    baudRate: 115_200,
    exchangeMs: 1000,
    echo: 'off',
    identify: [
      ask('id', 'said'),
      {
        set: {
          hardwareId: { of: '${said}', json: '/unit/ids/1' },
          model: { of: '${said}', json: '/unit/model' },
          escaped: { of: '${said}', json: '/unit/escaped' },
          provisioned: { of: '${said}', json: '/unit/none' },
        },
      },
      { set: { firmware: { of: '${escaped}', unescape: true } } },
    ],
    generateKey: [
      ask('key', 'made'),
      { set: { text: { of: '${made}', json: '/csr' } } },
      { set: { csr: { of: '${text}', decode: 'pem' } } },
    ],
    install: [
      {
        item: 'certificate',
        source: 'certificate',
        write: [
          { sendBlob: { source: 'certificate', encoding: 'base64', before: 'PUT ', eol: 'crlf', expect: { ok: 'OK', errors: ['ERR'] } } },
        ],
      },
    ],
  }),
);
const csr = createHash('sha512').update('a request').digest();
const pem = `-----BEGIN CERTIFICATE REQUEST-----\n${csr.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
const answers: Record<string, unknown> = {
  '{"cmd":"id"}': { ok: true, unit: { ids: ['x', 'U-77'], model: 'quoted "M"\u00e9', escaped: '1.2 \\u0022rc\\"\\\\ "x"' } },
  '{"cmd":"key"}': { ok: true, csr: pem },
};

async function recorded(): Promise<TranscriptLine[]> {
  const peer = await linePeer((line) => `${JSON.stringify(answers[line] ?? { ok: false })}\r\n`);
  disposables.push(() => peer.dispose());
  const lines: TranscriptLine[] = [];
  const options = { signal: new AbortController().signal };
  const session = await openUnit({ path: peer.path, profile, ...options, onTranscript: (line) => lines.push(line) });
  disposables.push(() => session.close());
  expect(await session.identify(options)).toMatchObject({
    hardwareId: 'U-77',
    model: 'quoted "M"é',
    firmware: '1.2 "rc"\\ "x"',
    provisioned: false,
  });
  expect(Buffer.from((await session.generateKey('acme/T', options)).csr)).toEqual(csr);
  return lines;
}

const differences = async (lines: readonly TranscriptLine[]): Promise<(string | null)[]> =>
  profile.driver === 'console'
    ? (await replayTranscript(profile, lines)).map(({ section, difference }) => difference && `${section}: ${difference}`)
    : [];

test('values are taken out of JSON by pointer, its escapes undone; the transcript plays again', async () => {
  expect((await differences(await recorded())).filter((one) => one !== null)).toEqual([]);
});

test('a transcript whose token or identity was altered is found out', async () => {
  const lines = await recorded();
  const altered = (from: string, to: string): TranscriptLine[] => lines.map((line) => ({ ...line, text: line.text.replace(from, to) }));
  const other = 'what the unit told comes to something else than it did then';
  const digits = csr.toString('base64').slice(4, 12);
  const digit = digits.startsWith('A') ? 'B' : 'A';
  expect(await differences(altered(digits, digit + digits.slice(1)))).toContain(`generateKey: ${other}`);
  expect(await differences(altered('U-77', 'U-78'))).toContain(`identify: ${other}`);
  const withoutResults = altered('U-77', '').filter(({ text }) => !text.startsWith('result '));
  expect(await differences(withoutResults)).toContain('identify: what the unit told comes to WRONG_PROTOCOL');
});

test('what is no JSON is WRONG_PROTOCOL', async () => {
  const peer = await linePeer(() => '{"ok":true, oops\r\n');
  disposables.push(() => peer.dispose());
  const { signal } = new AbortController();
  await expect(openUnit({ path: peer.path, profile, signal })).rejects.toMatchObject({
    code: 'WRONG_PROTOCOL',
    detail: 'what the unit sent is not JSON',
  });
});
