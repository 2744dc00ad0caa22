import { Failure } from '../../../src-main/contract/index.ts';
import { SmpClient } from '../../../src-main/station/devices/smp/client.ts';
import { encodeFrame, FrameReader } from '../../../src-main/station/devices/smp/frame.ts';
import { downloadFile, fileLength, hashTypes, howToDigest, storedFile } from '../../../src-main/station/devices/smp/file-system.ts';
import { decodePacket, encodeAnswer, type SmpBody, type SmpHeader } from '../../../src-main/station/devices/smp/packet.ts';
import { ask } from '../../../src-main/station/devices/smp/provision.ts';
import { isNotSupported } from '../../../src-main/station/devices/smp/refusal.ts';
import { listGroups, mustHaveFiles, readHardwareId, readTargetKind } from '../../../src-main/station/devices/smp/target.ts';
import { uploadFile } from '../../../src-main/station/devices/smp/upload-file.ts';
import type { SmpUnit } from '../../../src-main/station/devices/smp/unit-line.ts';
import { Transcript } from '../../../src-main/station/devices/transcript.ts';
import { fromBytes, mutateJson, withBytes, type Json } from '../mutate/json.ts';
import { Broken, type FuzzTarget } from '../target.ts';

const sha = Buffer.alloc(32, 0xab);
const path = '/lfs/cert.der';
const content = Buffer.alloc(300, 7);
const refused = (group: number, rc: number): object => ({ err: { group, rc } });
const session: readonly object[] = [
  { groups: [0, 8, 9, 10] },
  { types: { sha256: { format: 1, size: 32 }, crc32: { format: 0, size: 4 } } },
  refused(8, 3),
  { o: 'Length: 8\nID: 0x0a1b2c3d4e5f6071\n', ret: 0 },
  { output: 'nrf5340dk' },
  { output: 'Zephyr 3.7.0' },
  { len: 300 },
  { type: 'sha256', len: 300, output: sha },
  { off: 0, data: content.subarray(0, 200), len: 300 },
  { off: 200, data: content.subarray(200) },
  {},
  { off: 120 },
  { off: 240 },
  { off: 300 },
];
const older: readonly object[] = [
  { rc: 8 },
  { rc: 0, off: 0, data: Buffer.from('x'), len: 1 },
  { rc: 8 },
  { rc: 3 },
  { rc: 5 },
  ...session.slice(3, 6),
  { rc: 5 },
  { rc: 5 },
  { rc: 5 },
  { rc: 8 },
  { rc: 0, off: 120 },
  { rc: 3, off: 120 },
  { rc: 0, off: 240 },
  { rc: 0, off: 300 },
];
const lost: readonly object[] = [
  ...session.slice(0, 11),
  { off: 240 },
  { off: 0 },
  { ...refused(8, 11), len: 120 },
  { off: 240 },
  { rc: 10 },
];

/** What a stock MCUmgr target answers, one answer after the other, to everything that is asked of it. */
export const smpFiles: FuzzTarget = {
  name: 'smp-files',
  seeds: () => [session, older, lost].map((answers) => Buffer.from(JSON.stringify(fromBytes(answers)))),
  mutate: mutateJson,
  feed: async (input) => {
    let answers: unknown[];
    try {
      const parsed = withBytes(JSON.parse(Buffer.from(input).toString()) as Json);
      answers = Array.isArray(parsed) ? parsed : [];
    } catch {
      return 'no answers';
    }
    const outcomes: string[] = [];
    const unit = targetOf(answers);
    for (const [what, talk] of Object.entries(talks)) outcomes.push(`${what} ${await talk(unit).then(String, refusal)}`);
    return outcomes.join(' · ');
  },
};

const options = { signal: new AbortController().signal, deadlineMs: 60_000, busyMs: -1 };
const { signal } = options;

const talks: Readonly<Record<string, (unit: SmpUnit) => Promise<unknown>>> = {
  groups: async (unit) => mustHaveFiles(unit, await listGroups(unit, signal), path, signal),
  digest: async (unit) => howToDigest(unit, path, await hashTypes(unit, signal), signal),
  identity: async (unit) => {
    const hardwareId = await readHardwareId(unit, 'hwinfo', null, signal);
    const { model, firmware } = await readTargetKind(unit, signal);
    if (!/^[0-9A-Z][0-9A-Z._:-]{1,63}$/u.test(hardwareId) || /\p{C}/u.test(model + firmware) || model.length > 64 || firmware.length > 64)
      throw new Broken('an identity that is none');
  },
  length: async (unit) => {
    const length = await fileLength(unit, path, signal);
    if (length !== null && !(Number.isInteger(length) && length >= 0)) throw new Broken('a length that is none');
    return length === null ? 'none' : 'some';
  },
  hash: async (unit) => {
    const stored = await storedFile(unit, path, 'sha256', signal);
    return stored === null ? 'none' : 'some';
  },
  content: async (unit) => ((await downloadFile(unit, path, signal))?.length === content.length ? 'whole' : 'other'),
  upload: async (unit) => {
    const offsets: number[] = [];
    const onOffset = (offset: number): void => void offsets.push(offset);
    const confirmIdentity = (): Promise<void> => Promise.resolve();
    await uploadFile(unit, path, content, { bufferBytes: 180, digest: null, resumeAt: 0, signal, onOffset, confirmIdentity });
    if (offsets.some((offset) => !Number.isInteger(offset) || offset < 0 || offset > content.length))
      throw new Broken('an offset outside of the file');
    if (offsets.length > 100) throw new Broken('an upload without an end');
  },
};

function refusal(thrown: unknown): string {
  if (!(thrown instanceof Failure)) throw thrown;
  const { error } = thrown.params;
  if (/\p{Cc}/u.test(`${thrown.detail ?? ''}${String(error)}`.replaceAll('\n', '')))
    throw new Broken('a failure tells what the unit sent as it came');
  return `${thrown.code}${thrown.code === 'DEVICE_REFUSED' ? ` ${String(error)}` : ''}`;
}

/** A unit that gives these answers, each to one request; without any left it is silent, and nobody waits for it. */
function targetOf(answers: unknown[]): SmpUnit {
  const reader = new FrameReader(
    {
      onPacket: (bytes) => {
        const request = decodePacket(bytes);
        const body = answers.shift();
        if (request === null || body === undefined) return client.break(new Failure('NO_RESPONSE', { path: 'port' }));
        const answer = encoded(request, body);
        queueMicrotask(() => {
          if (answer === null) client.break(new Failure('NO_RESPONSE', { path: 'port' }));
          else client.receive(encodeFrame(answer));
        });
      },
      onDamaged: (why) => {
        throw new Broken(`a request that is damaged: ${why}`);
      },
      onNoise: () => undefined,
    },
    16_384,
  );
  const client = new SmpClient({ path: 'port', baudRate: 115_200, write: (bytes) => Promise.resolve(reader.push(bytes)) });
  const transcript = new Transcript();
  const unit: SmpUnit = {
    path: 'port',
    ask: (name, body) => ask(client, transcript, name, body, { ...options, silentRetries: 0 }),
    askIfThere: async (name, body) => {
      const said = await unit.ask(name, body, options);
      return said.refusal !== null && isNotSupported(said.refusal) ? null : said;
    },
  };
  return unit;
}

/** Null: no map of CBOR, or more than a frame. */
function encoded(request: SmpHeader, body: unknown): Uint8Array | null {
  try {
    const packet = encodeAnswer(request, body as SmpBody);
    return packet.length < 8192 && decodePacket(packet) !== null ? packet : null;
  } catch {
    return null;
  }
}
