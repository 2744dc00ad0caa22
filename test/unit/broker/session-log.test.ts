import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unwrap } from '../../../src-main/contract/index.ts';
import { SessionLog } from '../../../src-main/station/broker/session-log.ts';
import { recorded21 } from '../../support/mosquitto-2.1-lines.ts';

const own = 'station-observer';

function logOf(version: string): SessionLog {
  const log = new SessionLog(own);
  log.read(`mosquitto version ${version} starting`);
  return log;
}
const logOf20 = (): SessionLog => logOf('2.0.11');

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
    const log = logOf20();
    log.read(connected('127.0.0.1:1', 'dev', 'acme/a'));
    expect(log.of('acme/a')).toHaveLength(1);
    log.read(ending('dev'));
    expect(log.of('acme/a')).toEqual([]);
  });

  test('a session taken over belongs to whoever took it', () => {
    const log = logOf20();
    log.read(connected('127.0.0.1:1', 'dev', 'acme/a'));
    log.read('Client dev already connected, closing old connection.');
    log.read(connected('127.0.0.1:2', 'dev', 'acme/b'));
    expect(log.of('acme/a')).toEqual([]);
    expect(log.of('acme/b')).toHaveLength(1);
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
        const log = logOf20();
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
    const log = logOf20();
    log.read(opened('127.0.0.1:1'));
    log.read('Reloading config.');
    log.read(opened('127.0.0.1:2'));
    expect(log.read(connected('127.0.0.1:1', 'early', 'acme/a'))?.generation).toBe(log.generation - 1);
    expect(log.read(connected('127.0.0.1:2', 'late', 'acme/a'))?.generation).toBe(log.generation);
    expect(log.of('acme/a', log.generation).map(({ clientId }) => clientId)).toEqual(['early']);
  });

  test('a port used again counts anew, and a connection never seen counts as the oldest', () => {
    const log = logOf20();
    log.read(opened('127.0.0.1:1'));
    log.read('Reloading config.');
    log.read(opened('127.0.0.1:1'));
    expect(log.read(connected('127.0.0.1:1', 'a', 'acme/a'))?.generation).toBe(log.generation);
    expect(log.read(connected('127.0.0.1:9', 'b', 'acme/a'))?.generation).toBe(0);
  });

  test('forgets addresses that never came further, the oldest first', () => {
    const log = logOf20();
    log.read('Reloading config.');
    log.read(opened('10.0.0.1:1'));
    for (let port = 1; port <= 25_000; port++) log.read(opened(`10.0.0.2:${port}`));
    expect(log.read(connected('10.0.0.1:1', 'a', 'acme/a'))?.generation).toBe(0);
    expect(log.read(connected('10.0.0.2:25000', 'b', 'acme/a'))?.generation).toBe(log.generation);
  });

  test('what the station itself opened is not kept, and ends what had its client id', () => {
    const log = logOf20();
    log.read(connected('127.0.0.1:1', 'dev', 'acme/a'));
    log.read(connected('127.0.0.1:2', 'dev', own));
    expect(log.size).toBe(0);
  });

  test('a connection from an address ends what came from there before, whatever was written about it', () => {
    const log = logOf20();
    log.read(opened('127.0.0.1:1'));
    log.read(connected('127.0.0.1:1', 'dev', 'acme/a'));
    log.read('Client dev left in words that nobody knows');
    log.read(opened('127.0.0.1:1'));
    expect(log.size).toBe(0);
  });

  test('a session that was forgotten does not take its successor with it', () => {
    const log = logOf20();
    const before = unwrap(log.read(connected('127.0.0.1:1', 'dev', 'acme/a')), 'a session begins');
    log.read(connected('127.0.0.1:2', 'dev', 'acme/a'));
    log.forget(before);
    expect(log.of('acme/a').map(({ address }) => address)).toEqual(['127.0.0.1:2']);
  });
});

describe('the session log of Mosquitto 2.1', () => {
  test.each(recorded21)('understands what was recorded: $ended', ({ connected: begun, ended, clientId }) => {
    const log = logOf('2.1.2');
    log.read(begun);
    expect(log.of('acme/a').map((session) => session.clientId)).toEqual([clientId]);
    log.read(ended);
    expect(log.size).toBe(0);
  });

  test('1,500 short sessions leave nothing behind', () => {
    const log = logOf('2.1.2');
    for (let port = 1; port <= 1_500; port++) {
      log.read(opened(`10.0.0.2:${port}`));
      log.read(connected(`10.0.0.2:${port}`, `dev-${port}`, 'acme/a'));
      log.read(`Client dev-${port} [10.0.0.2:${port}] disconnected: connection closed by client.`);
    }
    expect(log.size).toBe(0);
  });

  const names = [
    'victim [10.0.0.1:1] disconnected: exceeded timeout',
    'victim [10.0.0.1:1]',
    'x disconnected.',
    '] disconnected',
    'é [::1:5] ',
  ];
  test.each(names)('a client called "%s" ends only itself', (id) => {
    const log = logOf('2.1.2');
    log.read(connected('10.0.0.1:1', 'victim', 'acme/b'));
    log.read(connected('10.0.0.2:2', id, 'acme/a'));
    log.read(`Client ${id} [10.0.0.2:2] disconnected: session taken over.`);
    expect(log.of('acme/a')).toEqual([]);
    expect(log.of('acme/b')).toHaveLength(1);
  });

  test('where the version is not known, a line that has two meanings ends nobody', () => {
    const log = new SessionLog(own);
    log.read(connected('10.0.0.1:1', 'victim', 'acme/b'));
    log.read(connected('10.0.0.2:2', 'victim [10.0.0.1:1]', 'acme/a'));
    log.read('Client victim [10.0.0.1:1] disconnected.');
    expect(log.size).toBe(2);
  });

  test.each(['Client dev disconnected.', 'Client dev [10.0.0.1:1] disconnected.'])('without a version "%s" is understood', (line) => {
    const log = new SessionLog(own);
    log.read(connected('10.0.0.1:1', 'dev', 'acme/a'));
    log.read(line);
    expect(log.size).toBe(0);
  });
});
