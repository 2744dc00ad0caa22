import { FrameReader, encodeFrame } from '../../src-main/station/devices/smp/frame.ts';
import { decodePacket, encodeAnswer, type SmpBody, type SmpPacket } from '../../src-main/station/devices/smp/packet.ts';
import { PtyPeer } from './pty-peer.ts';

/** Says what a unit answers to the nth request of its kind; null: nothing. */
export type Handler = (request: SmpPacket, nth: number) => SmpBody | null;

export const unitInfo = (hwid: string): SmpBody => ({
  hwid,
  model: 'm',
  fw: '1',
  locked: false,
  active: -1,
  slots: 2,
  algs: ['ec-p256'],
  max_item: 8192,
});

/** A unit written in the test, on a real pseudo terminal: for what the device agent does not do. Handlers by `group/command`, e.g. `64/0`. */
export async function startUnit(handlers: Readonly<Record<string, Handler>>): Promise<PtyPeer> {
  const counts = new Map<string, number>();
  const answer = (bytes: Uint8Array): void => {
    const request = decodePacket(bytes);
    if (request === null) return;
    const kind = `${request.group}/${request.command}`;
    const nth = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, nth);
    const handler = handlers[kind];
    const body = handler === undefined ? { err: { group: 0, rc: 8 } } : handler(request, nth);
    if (body !== null) peer.send(encodeFrame(encodeAnswer(request, body)));
  };
  const frames = new FrameReader({ onPacket: answer, onDamaged: () => undefined, onNoise: () => undefined }, 16_384);
  const peer = await PtyPeer.start('bridge', (bytes) => frames.push(bytes));
  return peer;
}
