import { consoleProfile, converse, parts, type Question } from '../console-unit.ts';
import { caSpki, leafTbs, signed } from '../keys.ts';
import { mutateText } from '../mutate/text.ts';
import type { FuzzTarget } from '../target.ts';

const request = signed(leafTbs(caSpki)).toString('base64');
const sha = 'a1'.repeat(32);
const shell = '\u001b[1;32muart:~$ \u001b[m';
const echoed = (command: string, ...lines: readonly string[]): string => [command, ...lines].map((line) => `${line}\r\n`).join('') + shell;
const pem = `-----BEGIN CERTIFICATE-----\r\n${request.slice(0, 64)}\r\n-----END CERTIFICATE-----\r\n`;

interface Unit {
  readonly profile: ReturnType<typeof consoleProfile>;
  readonly questions: readonly Question[];
}

const units: readonly Unit[] = [
  { profile: consoleProfile('linux-console'), questions: ['open', 'identify', 'generateKey', 'readBack:device.crt'] },
  { profile: consoleProfile('zephyr-cred'), questions: ['open', 'identify', 'readBack:key'] },
  { profile: consoleProfile('expresslink'), questions: ['open', 'identify', 'readBack:root-ca'] },
];
const identity = 'hw=1000000012ab34cd\nmodel=Raspberry Pi 4\nfw=Debian GNU/Linux 12\nhas=no\nbm-0\n';

/** Consoles of the three kinds: a login and a shell, prompts in colour with echo, answers with a number of lines. */
export const consoleEngine: FuzzTarget = {
  name: 'console-engine',
  rounds: 150,
  seeds: () => [
    parts(
      '0',
      '\r\nDebian GNU/Linux 12 unit ttyS0\r\n\r\nunit login: ',
      'root\r\nPassword: ',
      '\r\nLast login: today\r\nroot@unit:~# ',
      'bm-ready\n',
      identity,
      'bm-0\n',
      'bm-0\n',
      `csr=${request}\nbm-0\n`,
      `sha=${sha}\nbm-0\n`,
    ),
    parts('0', '\r\n# ', 'bm-ready\r\n', `[   12.345678] usb 1-1: new device\n${identity}`, 'bm-127\n'),
    parts(
      '1',
      `\r\n${shell}`,
      echoed('shell echo off'),
      `Length: 8\r\nID: 0x4d5acb1c0e2f9a33\r\n${shell}`,
      `Zephyr version 3.7.0\r\n${shell}`,
      `0 credentials found.\r\n${shell}`,
      `8883,PK,${Buffer.from(sha, 'hex').toString('base64')},0\r\n1 credentials found.\r\n${shell}`,
    ),
    parts(
      '1',
      shell,
      `[00:00:01.000,000] <inf> net: up\r\n${echoed('shell echo off')}`,
      `\u001b[1;31mhwinfo: command not found\u001b[0m\r\n${shell}`,
    ),
    parts('2', 'OK\r\n', 'OK 0a1b2c3d-4e5f-4a6b\r\n', 'OK Espressif - ESP32-C3 ExpressLink\r\n', 'OK 2.5.3\r\n', `OK2 pem\r\n${pem}`),
    parts('2', 'OK\r\n', 'ERR3 COMMAND NOT FOUND\r\n'),
  ],
  mutate: mutateText([
    '\u001b[',
    '\u001b]0;',
    '\u001b[1;32m',
    '\u0007',
    '\b',
    '\r',
    '\r\n',
    'login: ',
    'Password: ',
    '# ',
    '$ ',
    shell,
    'bm-0',
    'bm-',
    'hw=',
    'csr=',
    '\0',
    'OK ',
    'OK9999 pem',
    '-----BEGIN CERTIFICATE-----',
    '-----END CERTIFICATE-----',
    '0x',
  ]),
  feed: async (input) => {
    const unit = units[(input[0] ?? 0) % units.length] ?? units[0];
    if (unit === undefined) return 'no unit';
    return `${unit.profile.name} ${await converse(unit.profile, unit.questions, input.subarray(2))}`;
  },
};
