import { createHash } from 'node:crypto';
import { encode, Tagged } from 'cborg';
import { consoleProfile, converse, parts, type Question } from '../console-unit.ts';
import { caSpki, leafTbs, signed } from '../keys.ts';
import { mutateText } from '../mutate/text.ts';
import type { FuzzTarget } from '../target.ts';

const request = signed(leafTbs(caSpki));
const payload = encode(
  new Tagged(55799, [9, Buffer.alloc(16, 3), 8883, createHash('sha256').update(request).digest(), Buffer.alloc(16, 7)]),
);
const cose = Buffer.from(
  encode(new Tagged(18, [Buffer.from('a10126', 'hex'), new Map([[4, Buffer.from([0x86])]]), payload, Buffer.alloc(64, 1)])),
);
const keygen = `%KEYGEN: "${request.toString('base64url')}.${cose.toString('base64url')}"`;
const sha = 'A1'.repeat(32);
const md5 = 'b2'.repeat(16);
const lines = (...text: readonly string[]): string => text.map((line) => `\r\n${line}\r\n`).join('');

interface Modem {
  readonly profile: ReturnType<typeof consoleProfile>;
  readonly questions: readonly Question[];
}

const modems: readonly Modem[] = [
  { profile: consoleProfile('nrf91-at'), questions: ['identify', 'generateKey', 'readBack:certificate'] },
  { profile: consoleProfile('quectel-qfupl'), questions: ['open', 'identify', 'readBack:certificate'] },
  { profile: consoleProfile('ublox-usecmng'), questions: ['open', 'identify', 'readBack:key'] },
];

const nordic = ['0', lines('352656100367872', 'OK'), lines('nRF9160-SICA', 'OK'), lines('mfw_nrf9160_1.3.6', 'OK'), lines('OK')];
const awake = ['AT\r' + lines('OK'), 'ATE0\r' + lines('OK'), lines('OK')];
const cellular = [lines('352656100367872', 'OK'), lines('BG95-M3', 'OK'), lines('BG95M3LAR02A04', 'OK')];
const content = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

/** What a modem answers to AT commands: final results, numbers of errors, base64 with an OK in it, raw data after CONNECT. */
export const atResponse: FuzzTarget = {
  name: 'at-response',
  rounds: 150,
  seeds: () => [
    parts(...nordic, lines('OK'), lines(keygen, 'OK'), lines(`%CMNG: 8883,1,"${sha}"`, 'OK')),
    parts(...nordic, lines('+CME ERROR: 513'), lines('+CEREG: 1', 'OK OK', keygen, 'OK'), lines('+CME ERROR: 518')),
    parts(
      '1',
      ...awake,
      ...cellular,
      lines('+QFLST: "bm_cert.pem",58', 'OK'),
      lines('+QFLST: "bm_cert.pem",58', 'OK'),
      `\r\nCONNECT\r\n${content}${lines('+QFDWL: 58,1d2b', 'OK')}`,
    ),
    parts('1', ...awake, ...cellular, lines('+CME ERROR: 405'), lines('+CME ERROR: 405')),
    parts('2', ...awake, ...cellular, lines(`+USECMNG: 4,1,"bm_cert","${md5}"`, 'OK'), lines(`+USECMNG: 4,2,"bm_key","${md5}"`, 'OK')),
    parts('2', ...awake, ...cellular, lines('+CME ERROR: memory full'), lines('ERROR')),
  ],
  mutate: mutateText([
    'OK',
    '\r\nOK\r\n',
    'ERROR',
    '+CME ERROR: 515',
    '+CME ERROR: ',
    'CONNECT',
    '\r',
    '\n',
    '"',
    ',',
    '\0',
    '%CMNG: ',
    '%KEYGEN: "',
    '.',
    '=',
    'RDY',
    sha,
  ]),
  feed: async (input) => {
    const modem = modems[(input[0] ?? 0) % modems.length] ?? modems[0];
    if (modem === undefined) return 'no modem';
    return `${modem.profile.name} ${await converse(modem.profile, modem.questions, input.subarray(2))}`;
  },
};
