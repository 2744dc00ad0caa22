import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import type { SmpProfile } from '../../../src-main/station/devices/smp/profile.ts';
import { openUnit, type Credentials, type StoredItem, type UnitSession } from '../../../src-main/station/devices/index.ts';
import type { SmpBody, SmpPacket } from '../../../src-main/station/devices/smp/packet.ts';
import { referenceProfile } from '../../support/agent.ts';
import { PtyPeer } from '../../support/pty-peer.ts';
import { startUnit, unitInfo, type Handler } from '../../support/pty-unit.ts';

/** Units that do what the device agent does not: they are written here, on a real pseudo terminal. */
const stored: readonly StoredItem[] = [{ item: 'cert', bytes: 1, algorithm: 'sha256', digest: '00'.repeat(32) }];
const profile: SmpProfile = { ...referenceProfile, exchangeMs: 150, stepMs: 5000, replugMs: 200 };
const disposables: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const dispose of disposables.splice(0).reverse()) await dispose();
});

const never = (): { signal: AbortSignal } => ({ signal: new AbortController().signal });
const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
const info = (): SmpBody => unitInfo('UNIT-1');
const credentials: Credentials = {
  certificateChain: [Buffer.alloc(600, 1)],
  trustAnchors: [Buffer.alloc(300, 2)],
  broker: { host: 'h', port: 1, clientId: 'c', topicBase: 'b', serverName: 's' },
};
const unit = { hardwareId: 'UNIT-1', model: 'm', firmware: '1', locked: false };

async function sessionWith(handlers: Readonly<Record<string, Handler>>, options: Partial<SmpProfile> = {}): Promise<UnitSession> {
  const peer = await startUnit({ '64/0': info, ...handlers });
  disposables.push(() => peer.dispose());
  const session = await openUnit({ path: peer.path, profile: { ...profile, ...options }, ...never() });
  disposables.push(() => session.close());
  return session;
}

/** Takes every item as the protocol says. */
function storage(): { write: Handler; offsets: Map<unknown, number> } {
  const offsets = new Map<unknown, number>();
  const write = ({ body }: SmpPacket): SmpBody => {
    const at = offsets.get(body['item']) ?? 0;
    if (body['off'] === at) offsets.set(body['item'], at + (body['data'] as Uint8Array).length);
    return { off: offsets.get(body['item']) ?? 0 };
  };
  return { write, offsets };
}

describe('a swap behind an adapter that stays connected', () => {
  test('before an item is written: DEVICE_SWAPPED, nothing is written to the other one', async () => {
    const { write, offsets } = storage();
    const session = await sessionWith({ '64/0': (_, nth) => unitInfo(nth <= 2 ? 'UNIT-1' : 'UNIT-2'), '64/3': write });
    await expect(session.install(credentials, unit, never())).rejects.toMatchObject({
      code: 'DEVICE_SWAPPED',
      params: { expected: 'UNIT-1', actual: 'UNIT-2' },
    });
    expect([...offsets.keys()]).toEqual(['cert']);
  });

  test('from one request to the next: the other one refuses what is not for it, and nobody asks who it is before that', async () => {
    let id = 'UNIT-1';
    let infos = 0;
    const { write, offsets } = storage();
    const session = await sessionWith({
      '64/0': () => {
        infos += 1;
        return { ...unitInfo(id), proto: 2 };
      },
      '64/3': (request, nth) => {
        if (nth === 2) id = 'UNIT-2';
        return request.body['hwid'] === id ? write(request, nth) : { err: { group: 64, rc: 13 } };
      },
    });
    await session.identify(never());
    await expect(session.install(credentials, unit, never())).rejects.toMatchObject({
      code: 'DEVICE_SWAPPED',
      params: { expected: 'UNIT-1', actual: 'UNIT-2' },
    });
    expect([...offsets.keys()]).toEqual(['cert']);
    expect(infos).toBe(2);
  });

  test('in the middle of an item, seen by an offset that goes back', async () => {
    let id = 'UNIT-1';
    let writes = 0;
    const write: Handler = (_, nth) => {
      writes = nth;
      if (nth === 3) id = 'UNIT-2';
      return { off: nth < 3 ? nth * 28 : 0 };
    };
    const session = await sessionWith({ '64/0': () => unitInfo(id), '64/3': write, '0/6': () => ({ buf_size: 128, buf_count: 1 }) });
    await expect(session.install({ ...credentials, certificateChain: [Buffer.alloc(200)] }, unit, never())).rejects.toMatchObject({
      code: 'DEVICE_SWAPPED',
    });
    expect(writes).toBe(3);
  });

  test('after the install, seen by a digest that is not ours', async () => {
    let id = 'UNIT-1';
    const digest: Handler = () => {
      id = 'UNIT-2';
      return { err: { group: 64, rc: 10 } };
    };
    const session = await sessionWith({ '64/0': () => unitInfo(id), '64/4': digest });
    await expect(session.readBack(stored, never())).rejects.toMatchObject({ code: 'DEVICE_SWAPPED' });
  });

  test('an install for a unit that was never here', async () => {
    const session = await sessionWith({});
    await expect(session.install(credentials, { ...unit, hardwareId: 'OTHER' }, never())).rejects.toMatchObject({ code: 'DEVICE_SWAPPED' });
  });
});

describe('one digest over all items', () => {
  const items = ['cert', 'ca', 'broker'].map((item, index): StoredItem => {
    const bytes = Buffer.alloc(10 + index, index);
    return { item, bytes: bytes.length, algorithm: 'sha256', digest: sha256(bytes).toString('hex') };
  });
  const whole = sha256(Buffer.concat(items.flatMap(({ bytes, digest }) => [Buffer.from([0, 0, 0, bytes]), Buffer.from(digest, 'hex')])));
  const answers = (wrong: string | null, asked: unknown[]): Handler => {
    return ({ body }) => {
      asked.push(body['item']);
      const item = items.find((one) => one.item === body['item']);
      if (item === undefined) return { len: 33, sha: wrong === null ? whole : Buffer.alloc(32) };
      return { len: item.bytes, sha: item.item === wrong ? Buffer.alloc(32) : Buffer.from(item.digest, 'hex') };
    };
  };

  test('is enough when it is right', async () => {
    const asked: unknown[] = [];
    const session = await sessionWith({ '64/0': () => ({ ...info(), proto: 2 }), '64/4': answers(null, asked) });
    await session.identify(never());
    await session.readBack(items, never());
    expect(asked).toEqual([undefined]);
  });

  test('when it is wrong, the item that is wrong is found and named', async () => {
    const asked: unknown[] = [];
    const session = await sessionWith({ '64/0': () => ({ ...info(), proto: 2 }), '64/4': answers('ca', asked) });
    await session.identify(never());
    await expect(session.readBack(items, never())).rejects.toMatchObject({ code: 'VERIFY_MISMATCH', params: { item: 'trust anchors' } });
    expect(asked).toEqual([undefined, 'cert', 'ca']);
  });

  test('a unit of the first protocol is not asked for it', async () => {
    const asked: unknown[] = [];
    const session = await sessionWith({ '64/4': answers(null, asked) });
    await session.readBack(items, never());
    expect(asked).toEqual(['cert', 'ca', 'broker']);
  });
});

describe('a proof of possession', () => {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = own.publicKey.export({ type: 'spki', format: 'der' });
  const proveWith =
    (key: KeyObject, message: (nonce: Uint8Array) => Uint8Array): Handler =>
    ({ body }) => ({ sig: sign('sha256', message(body['nonce'] as Uint8Array), key) });
  const tagged = (nonce: Uint8Array): Uint8Array => Buffer.concat([Buffer.from('birthmark-possession-v1\0'), nonce]);

  test('by the key of the certificate is accepted', async () => {
    const session = await sessionWith({ '64/5': proveWith(own.privateKey, tagged) });
    await session.provePossession(spki, never());
  });

  test.each<[string, Handler]>([
    ['by another key', proveWith(other.privateKey, tagged)],
    ['over the bare challenge', proveWith(own.privateKey, (nonce) => nonce)],
    ['over an old challenge', proveWith(own.privateKey, () => tagged(Buffer.alloc(32)))],
    ['that is no signature', () => ({ sig: Buffer.from('signed, honestly') })],
    ['that is empty', () => ({ sig: Buffer.alloc(0) })],
  ])('%s is POSSESSION_FAILED', async (_, handler) => {
    const session = await sessionWith({ '64/5': handler });
    await expect(session.provePossession(spki, never())).rejects.toMatchObject({ code: 'POSSESSION_FAILED' });
  });
});

describe('keys', () => {
  const csrs = [Buffer.alloc(100, 1), Buffer.alloc(100, 2)];
  const csrOf =
    (made: () => number): Handler =>
    ({ body }) => {
      const off = Number(body['off']);
      return { off, len: 100, data: (csrs[made() - 1] ?? Buffer.alloc(0)).subarray(off, off + 30) };
    };

  test('when the answer to keygen is lost, the request that is returned is that of the key that stands', async () => {
    let made = 0;
    const keygen: Handler = (_, nth) => {
      made = nth;
      return nth === 1 ? null : { len: 100, sha: sha256(csrs[nth - 1] ?? Buffer.alloc(0)) };
    };
    const session = await sessionWith({ '64/1': keygen, '64/2': csrOf(() => made) }, { stepMs: 2000 });
    expect(Buffer.from((await session.generateKey('a/b', never())).csr)).toEqual(csrs[1]);
  });

  test('a request whose bytes are not those of its hash is VERIFY_MISMATCH', async () => {
    const session = await sessionWith({ '64/1': () => ({ len: 100, sha: sha256(csrs[1] ?? Buffer.alloc(0)) }), '64/2': csrOf(() => 1) });
    await expect(session.generateKey('a/b', never())).rejects.toMatchObject({
      code: 'VERIFY_MISMATCH',
      params: { item: 'certificate request' },
    });
  });

  test('a request that ends too soon is VERIFY_MISMATCH', async () => {
    const session = await sessionWith({
      '64/1': () => ({ len: 100, sha: Buffer.alloc(32) }),
      '64/2': () => ({ off: 0, len: 100, data: Buffer.alloc(0) }),
    });
    await expect(session.generateKey('a/b', never())).rejects.toMatchObject({ code: 'VERIFY_MISMATCH' });
  });

  test('a request of gigabytes is CSR_TOO_LARGE', async () => {
    const session = await sessionWith({ '64/1': () => ({ len: 4_000_000_000, sha: Buffer.alloc(32) }) });
    await expect(session.generateKey('a/b', never())).rejects.toMatchObject({ code: 'CSR_TOO_LARGE' });
  });

  test('a kind of key that the unit cannot make is refused before anything is changed', async () => {
    const session = await sessionWith({ '64/1': () => ({ len: 1, sha: Buffer.alloc(32) }) }, { keyAlgorithm: 'rsa-2048' });
    await expect(session.generateKey('a/b', never())).rejects.toMatchObject({ code: 'CSR_KEY_REFUSED' });
  });
});

describe('what a unit says about where its key was made', () => {
  const csr = Buffer.alloc(100, 1);
  const statement = Buffer.alloc(70, 2);
  const piece =
    (whole: Buffer, len = whole.length): Handler =>
    ({ body }) => ({ off: Number(body['off']), len, data: whole.subarray(Number(body['off'])).subarray(0, 40) });
  const saying = (attestation: Handler, att = 'certificates'): Promise<UnitSession> =>
    sessionWith({
      '64/0': () => ({ ...info(), att }),
      '64/1': () => ({ len: csr.length, sha: sha256(csr) }),
      '64/2': piece(csr),
      '64/10': attestation,
    });

  test('is handed on as it came, and is not asked for where the unit has nothing to say', async () => {
    const session = await saying(piece(statement), 'nordic-cose');
    expect(await session.generateKey('a/b', never())).toEqual({ csr, attestation: { format: 'nordic-cose', bytes: statement } });
    const silent = await sessionWith({ '64/1': () => ({ len: csr.length, sha: sha256(csr) }), '64/2': piece(csr) });
    expect(await silent.generateKey('a/b', never())).toEqual({ csr });
  });

  test.each<[string, string, Handler]>([
    ['of gigabytes', 'ATTESTATION_REFUSED', piece(statement, 4_000_000_000)],
    ['that ends too soon', 'VERIFY_MISMATCH', piece(statement, 200)],
    ['that is empty', 'WRONG_PROTOCOL', piece(Buffer.alloc(0))],
    ['that was promised and is not there', 'DEVICE_REFUSED', () => ({ err: { group: 64, rc: 10 } })],
  ])('a statement %s is %s', async (_, code, handler) => {
    const session = await saying(handler);
    await expect(session.generateKey('a/b', never())).rejects.toMatchObject({ code });
  });
});

describe('what a unit refuses', () => {
  const refuse =
    (rc: number): Handler =>
    () => ({ err: { group: 64, rc } });

  test.each([
    [1, 'DEVICE_REFUSED'],
    [2, 'DEVICE_REFUSED'],
    [3, 'LOCKED'],
    [4, 'DEVICE_REFUSED'],
    [5, 'SLOT_OCCUPIED'],
    [6, 'STORAGE_FULL'],
    [7, 'VERIFY_MISMATCH'],
    [9, 'CONTENT_REJECTED'],
    [10, 'DEVICE_REFUSED'],
    [11, 'STORAGE_FULL'],
    [12, 'DEVICE_REFUSED'],
    [99, 'DEVICE_REFUSED'],
  ])('a write with error %i: %s', async (rc, code) => {
    const session = await sessionWith({ '64/3': refuse(rc) });
    await expect(session.install(credentials, unit, never())).rejects.toMatchObject({ code });
  });

  test('a busy unit is asked again until it is not', async () => {
    const { write } = storage();
    const session = await sessionWith({ '64/3': (request, nth) => (nth < 3 ? { err: { group: 64, rc: 8 } } : write(request, nth)) });
    await session.install(credentials, unit, never());
  });

  test('a unit that stays busy is DEVICE_BUSY', async () => {
    const session = await sessionWith({ '64/6': refuse(8) }, { stepMs: 1000 });
    await expect(session.activate(never())).rejects.toMatchObject({ code: 'DEVICE_BUSY' });
  });

  test('digests, proofs and self tests that it does not have are UNVERIFIABLE, never a success', async () => {
    const session = await sessionWith({ '64/4': refuse(12), '64/5': refuse(12), '64/9': refuse(12) });
    const unverifiable = { code: 'UNVERIFIABLE' };
    await expect(session.readBack(stored, never())).rejects.toMatchObject(unverifiable);
    await expect(session.provePossession(Buffer.alloc(0), never())).rejects.toMatchObject(unverifiable);
    await expect(session.selfTest('n', 'f', never())).rejects.toMatchObject(unverifiable);
  });

  test('a lock that does not hold is not a lock', async () => {
    const session = await sessionWith({ '64/7': () => ({ locked: true }) });
    await expect(session.lock(never())).rejects.toMatchObject({ code: 'VERIFY_MISMATCH', params: { item: 'lock' } });
  });

  test('activating another slot than the one that was written is VERIFY_MISMATCH', async () => {
    const session = await sessionWith({ '64/6': () => ({ active: 1 }) });
    await expect(session.activate(never())).rejects.toMatchObject({ code: 'VERIFY_MISMATCH' });
  });

  test('an offset that never moves ends', async () => {
    const session = await sessionWith({ '64/3': () => ({ off: 0 }) });
    await expect(session.install(credentials, unit, never())).rejects.toMatchObject({ code: 'CONTENT_REJECTED' });
  });
});

describe('what is not this protocol', () => {
  test('SMP without the provision group', async () => {
    await expect(sessionWith({ '64/0': () => ({ err: { group: 0, rc: 8 } }) })).rejects.toMatchObject({ code: 'WRONG_PROTOCOL' });
    await expect(sessionWith({ '64/0': () => ({ rc: 8 }) })).rejects.toMatchObject({ code: 'WRONG_PROTOCOL' });
  });

  test.each<[string, SmpBody]>([
    ['no hardware id', { ...info(), hwid: '' }],
    ['a hardware id with control characters', { ...info(), hwid: 'a\nb' }],
    ['a number for its model', { ...info(), model: 5 }],
    ['slot 7 active', { ...info(), active: 7 }],
    ['an attestation of a form that nobody knows', { ...info(), att: 'parchment' }],
  ])('an identity with %s', async (_, answer) => {
    await expect(sessionWith({ '64/0': () => answer })).rejects.toMatchObject({ code: 'WRONG_PROTOCOL' });
  });

  test('a shell that echoes and prompts', async () => {
    const peer: PtyPeer = await PtyPeer.start('bridge', (bytes) =>
      peer.send(Buffer.concat([bytes, Buffer.from('\r\nsh: not found\r\n# ')])),
    );
    disposables.push(() => peer.dispose());
    await expect(openUnit({ path: peer.path, profile, ...never() })).rejects.toMatchObject({ code: 'WRONG_PROTOCOL' });
  });

  test('a peer that takes no bytes and says nothing', async () => {
    const peer = await PtyPeer.start('deaf');
    disposables.push(() => peer.dispose());
    await expect(openUnit({ path: peer.path, profile, ...never() })).rejects.toMatchObject({ code: 'NO_RESPONSE' });
  });

  test('a port that another program holds is PORT_BUSY, and is not left open by us', async () => {
    const peer = await startUnit({ '64/0': info });
    disposables.push(() => peer.dispose());
    const holder = await openUnit({ path: peer.path, profile, ...never() });
    await expect(openUnit({ path: peer.path, profile, ...never() })).rejects.toMatchObject({ code: 'PORT_BUSY' });
    await holder.close();
    await (await openUnit({ path: peer.path, profile, ...never() })).close();
  });
});

test('a unit without the os group gets frames that every unit takes', async () => {
  const longest: number[] = [];
  const { write } = storage();
  const session = await sessionWith({
    '64/3': (request, nth) => {
      longest.push((request.body['data'] as Uint8Array).length);
      return write(request, nth);
    },
  });
  await session.install(credentials, unit, never());
  expect(Math.max(...longest)).toBeLessThan(64);
});
