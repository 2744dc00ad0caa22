import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SessionLog } from '../../../src-main/station/broker/session-log.ts';

const opened = (address: string): string => `New connection from ${address} on port 8883.`;
const connected = (address: string, id: string, username: string): string =>
  `New client connected from ${address} as ${id} (p5, c1, k60, u'${username}').`;

/** Every way in which Mosquitto 2.0 says that a session is over. */
const endings: readonly ((id: string) => string)[] = [
  (id) => `Client ${id} disconnected.`,
  (id) => `Client ${id} closed its connection.`,
  (id) => `Client ${id} already connected, closing old connection.`,
  (id) => `Client ${id} has exceeded timeout, disconnecting.`,
  (id) => `Client ${id} been disconnected by administrative action.`,
  (id) => `Client ${id} disconnected, not authorised.`,
  (id) => `Client ${id} disconnected due to protocol error.`,
  (id) => `Client ${id} disconnected due to QoS too high or retain not supported.`,
  (id) => `Client ${id} disconnected: Protocol error.`,
  (id) => `Bad socket read/write on client ${id}: Connection reset by peer`,
];

describe('the session log', () => {
  test.each(endings.map((ending) => [ending('dev'), ending] as const))('%s', (_, ending) => {
    const log = new SessionLog();
    log.read(connected('127.0.0.1:1', 'dev', 'acme/a'));
    expect(log.of('acme/a')).toHaveLength(1);
    log.read(ending('dev'));
    expect(log.of('acme/a')).toEqual([]);
  });

  test('a session taken over belongs to whoever took it', () => {
    const log = new SessionLog();
    log.read(connected('127.0.0.1:1', 'dev', 'acme/a'));
    log.read('Client dev already connected, closing old connection.');
    log.read(connected('127.0.0.1:2', 'dev', 'station-observer'));
    expect(log.of('acme/a')).toEqual([]);
    expect(log.of('station-observer')).toHaveLength(1);
  });

  test('no client id makes another session disappear or hides its own', () => {
    const words = fc.constantFrom(
      'victim',
      'disconnected.',
      'disconnected',
      'disconnected:',
      'due to',
      'Client',
      'closed its connection.',
      'already connected, closing old connection',
      "(p5, c1, k60, u'acme/b').",
      ' ',
      ':',
      '\u2028',
      'é',
    );
    const hostile = fc.oneof(
      fc.array(words, { minLength: 1, maxLength: 8 }).map((parts) => parts.join(' ')),
      fc.string({ unit: 'binary' }).filter((id) => !/\p{Cc}/u.test(id)),
    );
    fc.assert(
      fc.property(hostile, fc.nat(endings.length - 1), (id, index) => {
        fc.pre(id !== 'victim');
        const log = new SessionLog();
        log.read(connected('127.0.0.1:1', 'victim', 'acme/b'));
        log.read(connected('127.0.0.1:2', id, 'acme/a'));
        expect(log.of('acme/a').map(({ clientId }) => clientId)).toEqual([id]);
        log.read(endings[index]?.(id) ?? '');
        expect(log.of('acme/a')).toEqual([]);
        expect(log.of('acme/b')).toHaveLength(1);
      }),
      { numRuns: 2_000 },
    );
  });

  test('a session is as old as its connection, not as its CONNECT', () => {
    const log = new SessionLog();
    log.read(opened('127.0.0.1:1'));
    log.read('Reloading config.');
    log.read(opened('127.0.0.1:2'));
    expect(log.read(connected('127.0.0.1:1', 'early', 'acme/a'))?.generation).toBe(0);
    expect(log.read(connected('127.0.0.1:2', 'late', 'acme/a'))?.generation).toBe(1);
    expect(log.of('acme/a', log.generation).map(({ clientId }) => clientId)).toEqual(['early']);
  });

  test('a port used again counts anew, and a connection never seen counts as the oldest', () => {
    const log = new SessionLog();
    log.read(opened('127.0.0.1:1'));
    log.read('Reloading config.');
    log.read(opened('127.0.0.1:1'));
    expect(log.read(connected('127.0.0.1:1', 'a', 'acme/a'))?.generation).toBe(1);
    expect(log.read(connected('127.0.0.1:9', 'b', 'acme/a'))?.generation).toBe(0);
  });

  test('forgets addresses that never came further, the oldest first', () => {
    const log = new SessionLog();
    log.read('Reloading config.');
    log.read(opened('10.0.0.1:1'));
    for (let port = 1; port <= 25_000; port++) log.read(opened(`10.0.0.2:${port}`));
    expect(log.read(connected('10.0.0.1:1', 'a', 'acme/a'))?.generation).toBe(0);
    expect(log.read(connected('10.0.0.2:25000', 'b', 'acme/a'))?.generation).toBe(1);
  });
});
