import { describe, expect, test } from 'vitest';
import { SmpClient, type RequestOptions } from '../../../src-main/station/devices/smp/client.ts';
import { encodeFrame, FrameReader } from '../../../src-main/station/devices/smp/frame.ts';
import { decodePacket, encodeAnswer, type SmpBody, type SmpPacket } from '../../../src-main/station/devices/smp/packet.ts';
import type { Failure } from '../../../src-main/contract/index.ts';
import { sampleFailure } from '../../support/sample-failure.ts';

type Bytes = Uint8Array | string;
/** What comes back for the nth request. */
type Peer = (request: SmpPacket, nth: number) => readonly Bytes[];

interface Line {
  readonly client: SmpClient;
  readonly requests: SmpPacket[];
}

function lineTo(peer: Peer): Line {
  const requests: SmpPacket[] = [];
  const frames = new FrameReader(
    {
      onPacket: (bytes) => {
        const request = decodePacket(bytes);
        if (request === null) throw new Error('the client sent no SMP packet');
        requests.push(request);
        for (const answer of peer(request, requests.length)) client.receive(Buffer.from(answer));
      },
      onDamaged: (why) => {
        throw new Error(why);
      },
      onNoise: () => undefined,
    },
    4096,
  );
  const write = (bytes: Uint8Array): Promise<void> => Promise.resolve().then(() => frames.push(bytes));
  const client = new SmpClient({ path: '/dev/ttyX', baudRate: 3_000_000, write });
  return { client, requests };
}

const frame = (request: SmpPacket, body: SmpBody): Uint8Array => encodeFrame(encodeAnswer(request, body));
const damaged = (request: SmpPacket): Uint8Array => {
  const bytes = Buffer.from(frame(request, { off: 1 }));
  bytes[10] = (bytes[10] ?? 0) === 0x41 ? 0x42 : 0x41;
  return bytes;
};
const ask = ({ client }: Line, options: Partial<RequestOptions> = {}): Promise<unknown> =>
  client.request('write', 64, 3, { off: 0 }, { signal: new AbortController().signal, deadlineMs: 20, ...options });
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'answered',
    (thrown: unknown) => (thrown as Failure).code,
  );

describe('the answer to a request', () => {
  test('is the one with its sequence number, group and command', async () => {
    const line = lineTo((request) => [
      frame({ ...request, sequence: (request.sequence + 255) % 256 }, { off: 1 }),
      frame({ ...request, command: 4 }, { off: 2 }),
      frame({ ...request, op: 'read' }, { off: 3 }),
      frame(request, { off: 4 }),
      frame(request, { off: 5 }),
    ]);
    expect(await ask(line)).toEqual({ off: 4 });
    expect(await ask(line)).toEqual({ off: 4 });
  });

  test('that was damaged is asked for again at once, with the same sequence number', async () => {
    const line = lineTo((request, nth) => [nth < 3 ? damaged(request) : frame(request, { off: 1 })]);
    expect(await ask(line, { deadlineMs: 60_000 })).toEqual({ off: 1 });
    expect(new Set(line.requests.map(({ sequence }) => sequence)).size).toBe(1);
    expect(line.client.health.damaged).toBe(2);
  });

  test('that was lost is asked for again after the deadline', async () => {
    const line = lineTo((request, nth) => (nth === 1 ? [] : [frame(request, { off: 1 })]));
    expect(await ask(line)).toEqual({ off: 1 });
  });

  test('may come late: an answer to the first try counts, as both tries say the same', async () => {
    let first: SmpPacket | null = null;
    const line = lineTo((request, nth) => {
      first ??= request;
      return nth === 1 ? [] : [frame(first, { off: 9 })];
    });
    expect(await ask(line)).toEqual({ off: 9 });
  });

  test('to a request that gives another result each time is only that to its last try', async () => {
    let first: SmpPacket | null = null;
    const line = lineTo((request, nth) => {
      first ??= request;
      return nth === 1 ? [] : [frame(first, { len: 1 }), frame(request, { len: 2 })];
    });
    expect(await ask(line, { repeat: 'fresh' })).toEqual({ len: 2 });
  });

  test('whose rest never comes is damaged, not waited for until the deadline', async () => {
    const line = lineTo((request, nth) => [
      nth === 1 ? frame(request, { d: 'x'.repeat(200) }).subarray(0, 150) : frame(request, { off: 1 }),
    ]);
    expect(await ask(line, { deadlineMs: 60_000 })).toEqual({ off: 1 });
  });
});

describe('no answer at all is told by what came instead', () => {
  test.each<[string, string, Peer]>([
    ['nothing', 'NO_RESPONSE', () => []],
    ['two stray bytes at plugging in', 'NO_RESPONSE', (_, nth) => (nth === 1 ? [Buffer.from([0, 0xff])] : [])],
    ['a login prompt', 'WRONG_PROTOCOL', () => ['\r\nDebian GNU/Linux 12 unit ttyS0\r\n\r\nunit login: ']],
    ['a log in German', 'WRONG_PROTOCOL', () => ['I: Gerät läuft, Prüfung übersprungen\r\n']],
    ['colours and a prompt', 'WRONG_PROTOCOL', () => ['\u001b[1;32muart:~$ \u001b[m']],
    ['our own request, echoed', 'WRONG_PROTOCOL', (request) => [encodeFrame(requestBytes(request))]],
    ['bytes at another speed', 'WRONG_BAUD_SUSPECTED', () => [Buffer.from('00f0e0fe80c0ff9c00fc8680e0f8fe1e', 'hex')]],
    ['only damaged frames', 'LINK_CORRUPT', (request) => [damaged(request)]],
  ])('%s: %s', async (_, code, peer) => {
    expect(await codeOf(ask(lineTo(peer)))).toBe(code);
  });

  test('log lines of a unit that has answered before are not another protocol', async () => {
    const line = lineTo((request, nth) => (nth === 1 ? [frame(request, {})] : ['I: busy\r\n']));
    await ask(line);
    expect(await codeOf(ask(line))).toBe('NO_RESPONSE');
  });

  test('says how long nothing came', async () => {
    await expect(
      ask(
        lineTo(() => []),
        { silentRetries: 1 },
      ),
    ).rejects.toMatchObject({ params: { path: '/dev/ttyX', ms: 40 } });
  });
});

describe('a request ends', () => {
  test('when its signal says so, with the signal’s reason', async () => {
    const stop = new AbortController();
    const reason = sampleFailure('TIMEOUT');
    const line = lineTo(() => {
      stop.abort(reason);
      return [];
    });
    await expect(ask(line, { signal: stop.signal, deadlineMs: 60_000 })).rejects.toBe(reason);
    await expect(ask(line, { signal: stop.signal })).rejects.toBe(reason);
  });

  test('when the line is lost, and so does every later one', async () => {
    const gone = sampleFailure('PORT_GONE');
    const line = lineTo(() => {
      line.client.break(gone);
      return [];
    });
    await expect(ask(line, { deadlineMs: 60_000 })).rejects.toBe(gone);
    await expect(ask(line)).rejects.toBe(gone);
  });

  test('when the line does not take its bytes', async () => {
    const failure = sampleFailure('NO_RESPONSE');
    const client = new SmpClient({ path: 'p', baudRate: 115_200, write: () => Promise.reject(failure) });
    await expect(ask({ client, requests: [] }, { deadlineMs: 60_000 })).rejects.toBe(failure);
  });
});

function requestBytes(request: SmpPacket): Uint8Array {
  const bytes = Buffer.from(encodeAnswer(request, request.body as SmpBody));
  bytes[0] = (bytes[0] ?? 0) & ~1;
  return bytes;
}
