import { expect, test } from 'vitest';
import { xAddresses, xCookies } from '../../../scripts/setup/x-server.mjs';

test('a display on this machine is looked for at both of its sockets, one elsewhere by its port', () => {
  expect(xAddresses(':7.1')).toEqual({ number: '7', addresses: [{ path: '/tmp/.X11-unix/X7' }, { path: '\0/tmp/.X11-unix/X7' }] });
  expect(xAddresses('unix:0')).toEqual(xAddresses(':0'));
  expect(xAddresses('localhost:10.0')).toEqual({ number: '10', addresses: [{ host: 'localhost', port: 6010 }] });
});

test('what is no display has no address', () => {
  for (const name of ['', ':', 'host', ':x', ':1;rm', ':99999']) expect(xAddresses(name).addresses, name).toEqual([]);
});

const entry = (...fields: string[]): Buffer =>
  Buffer.concat([
    Buffer.from([1, 0]),
    ...fields.map((field) => Buffer.concat([Buffer.from([0, field.length]), Buffer.from(field, 'latin1')])),
  ]);
const cookie = 'MIT-MAGIC-COOKIE-1';

test('the cookies of a display are those of its number and those for every number', () => {
  const file = Buffer.concat([
    entry('host', '10', cookie, 'ten'),
    entry('host', '11', cookie, 'eleven'),
    entry('', '', cookie, 'every'),
    entry('host', '10', 'XDM-AUTHORIZATION-1', 'other'),
  ]);
  expect(xCookies(file, '10').map(String)).toEqual(['ten', 'every']);
});

test('an entry that was cut off anywhere is none', () => {
  const file = entry('host', '0', cookie, 'zero');
  for (let length = 0; length < file.length; length++) expect(xCookies(file.subarray(0, length), '0'), String(length)).toEqual([]);
});
