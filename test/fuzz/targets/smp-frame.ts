import { encodeFrame, FrameReader } from '../../../src-main/station/devices/smp/frame.ts';
import { decodePacket, encodeAnswer, type SmpBody, type SmpHeader } from '../../../src-main/station/devices/smp/packet.ts';
import { refusalOf } from '../../../src-main/station/devices/smp/refusal.ts';
import { mutateStream } from '../mutate/stream.ts';
import type { Random } from '../random.ts';
import { Broken, type FuzzTarget } from '../target.ts';

const maxFrame = 4096;
const header = (command: number, op: SmpHeader['op'] = 'read'): SmpHeader => ({ op, group: 64, command, sequence: 7 });
const info: SmpBody = {
  hwid: 'UNIT-1',
  model: 'reference',
  fw: '1.0.0',
  locked: false,
  active: -1,
  slots: 2,
  algs: ['ec-p256'],
  max_item: 8192,
};
const answers: readonly Uint8Array[] = [
  encodeAnswer(header(0), info),
  encodeAnswer(header(2), { off: 0, len: 900, data: Buffer.alloc(900, 0x5a) }),
  encodeAnswer(header(3, 'write'), { off: 1024 }),
  encodeAnswer(header(3, 'write'), { err: { group: 64, rc: 7 } }),
  encodeAnswer(header(7, 'write'), { rc: 3 }),
  encodeAnswer({ ...header(6), group: 0 }, { buf_size: 2048, buf_count: 1 }),
];
const log = Buffer.from('[00001234] <inf> sensor: temperature 21.5 C\r\n');

interface Heard {
  readonly packets: Buffer[];
  readonly damage: string[];
}

/** What is found in a stream that comes in pieces of this length. */
function heard(stream: Uint8Array, piece: number): Heard & { readonly reader: FrameReader } {
  const packets: Buffer[] = [];
  const damage: string[] = [];
  const reader = new FrameReader(
    { onPacket: (packet) => packets.push(Buffer.from(packet)), onDamaged: (why) => damage.push(why), onNoise: () => undefined },
    maxFrame,
  );
  for (let at = 0; at < stream.length; at += piece) reader.push(stream.subarray(at, at + piece));
  return { packets, damage, reader };
}

const same = (one: Heard, other: Heard): boolean =>
  one.damage.join() === other.damage.join() &&
  one.packets.length === other.packets.length &&
  one.packets.every((packet, index) => other.packets[index]?.equals(packet));

/** A packet changed and framed again, so that its CBOR is reached behind the checksum. */
function framedAgain(random: Random, others: readonly Uint8Array[]): Uint8Array {
  const packet = Buffer.from(mutateStream(cborWords)(random, random.pick(answers), others));
  if (packet.length >= 8 && random.chance(0.8)) packet.writeUInt16BE((packet.length - 8) & 0xffff, 2);
  return encodeFrame(packet.subarray(0, maxFrame));
}

const words = ['\x06\x09', '\x04\x14', '\n', '\r\n', '=', '==', 'AAAA', '////', '\x06', '\x04'].map((word) => Buffer.from(word, 'latin1'));
const cborWords = [
  'a0',
  'bf',
  'ff',
  'bb7fffffffffffffff',
  '5affffffff',
  '69',
  '6b5f5f70726f746f5f5fa0',
  'f97e00',
  'c249ffffffffffffffffff',
  '1bffffffffffffffff',
  '9f',
  '78',
].map((hex) => Buffer.from(hex, 'hex'));

/** What comes from a unit that speaks SMP over its console: frames between log lines. */
export const smpFrame: FuzzTarget = {
  name: 'smp-frame',
  seeds: () => [...answers.map(encodeFrame), Buffer.concat([log, ...answers.flatMap((answer) => [encodeFrame(answer), log])])],
  mutate: (random, input, others) => {
    const changed = mutateStream(words)(random, input, others);
    return random.chance(0.4) ? Buffer.concat([changed, framedAgain(random, others)]) : changed;
  },
  feed: (input) => {
    const whole = heard(input, Math.max(1, input.length));
    for (const piece of [1, 7]) if (!same(whole, heard(input, piece))) throw new Broken('what is found depends on how the bytes are cut');
    const read = whole.packets.map((packet) => {
      if (packet.length + 4 > maxFrame) throw new Broken('a packet is longer than is accepted');
      const decoded = decodePacket(packet);
      if (decoded === null) return 'no packet';
      if (Object.getPrototypeOf(decoded.body) !== null) throw new Broken('a body has a prototype');
      const refusal = refusalOf(decoded.body);
      return `${decoded.op} ${decoded.answer ? 'answer' : 'request'}, ${String(Object.keys(decoded.body).length)} keys${refusal === null ? '' : ', refused'}`;
    });
    const { packets } = whole;
    whole.reader.push(encodeFrame(Buffer.from('a0', 'hex')));
    if (packets.length !== read.length + 1) throw new Broken('the next whole frame is not received');
    const few = (all: readonly string[]): string =>
      [...new Set(all.map((one) => one.replace(/\d+/gu, '#')))].sort().slice(0, 2).join(' · ');
    return `${few(read)}; ${few(whole.damage)}`;
  },
};
