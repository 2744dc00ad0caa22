import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';

const answerMs = 2000;
const cookieProtocol = 'MIT-MAGIC-COOKIE-1';

/**
 * Where an X server listens, by its name in DISPLAY (`[host]:number[.screen]`).
 * @param {string} display
 * @returns {{number: string, addresses: import('node:net').NetConnectOpts[]}} any of the addresses will do; none for a name
 *   that is no display
 */
export function xAddresses(display) {
  const parts = /^(?<host>[^:]*):(?<number>\d{1,4})(?:\.\d+)?$/u.exec(display);
  if (parts === null) return { number: '', addresses: [] };
  const { host, number } = parts.groups;
  const port = 6000 + Number(number);
  if (host !== '' && host !== 'unix') return { number, addresses: [{ host, port }] };
  const path = `/tmp/.X11-unix/X${number}`;
  return { number, addresses: [{ path }, { path: `\0${path}` }] };
}

/**
 * The cookies that open a display. An entry of the file is a family and four fields, each after its length, big-endian.
 * @param {Buffer} file .Xauthority
 * @param {string} number of the display
 */
export function xCookies(file, number) {
  const cookies = [];
  for (let at = 0; at + 2 < file.length;) {
    at += 2;
    const fields = ['address', 'number', 'name', 'data'].map(() => {
      const length = at + 2 <= file.length ? file.readUInt16BE(at) : 0;
      const field = file.subarray(at + 2, at + 2 + length);
      at += 2 + length;
      return field;
    });
    const [, forNumber, name, data] = fields;
    if (at > file.length) break;
    if (['', number].includes(forNumber.toString()) && name.toString() === cookieProtocol) cookies.push(data);
  }
  return cookies;
}

function readCookies(env, number) {
  try {
    return xCookies(readFileSync(env.XAUTHORITY || join(env.HOME || homedir(), '.Xauthority')), number);
  } catch {
    return [];
  }
}

const padded = (bytes) => Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);

/** The first message of an X client: byte order, version 11.0, and its cookie. */
function greeting(cookie) {
  const name = Buffer.from(cookie === null ? '' : cookieProtocol);
  const data = cookie ?? Buffer.alloc(0);
  const head = Buffer.alloc(12);
  head.write('l');
  head.writeUInt16LE(11, 2);
  head.writeUInt16LE(name.length, 6);
  head.writeUInt16LE(data.length, 8);
  return Buffer.concat([head, padded(name), padded(data)]);
}

/** @returns {Promise<'open' | 'refused' | 'silent'>} */
const greet = (address, cookie) =>
  new Promise((done) => {
    const socket = connect({ ...address, timeout: answerMs });
    const end = (outcome) => {
      socket.destroy();
      done(outcome);
    };
    socket.once('connect', () => socket.write(greeting(cookie)));
    socket.once('data', (answer) => end(answer[0] === 1 ? 'open' : 'refused'));
    socket.once('error', () => end('silent'));
    socket.once('timeout', () => end('silent'));
    socket.once('close', () => end('silent'));
  });

/**
 * Does the X server of this display let this user in?
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<'open' | 'refused' | 'silent'>}
 */
export async function askXServer(env) {
  const { number, addresses } = xAddresses(env.DISPLAY ?? '');
  /** @type {'refused' | 'silent'} */
  let outcome = 'silent';
  for (const address of addresses) {
    for (const cookie of [...readCookies(env, number), null]) {
      const answer = await greet(address, cookie);
      if (answer === 'open') return 'open';
      if (answer === 'refused') outcome = 'refused';
    }
  }
  return outcome;
}
