import { encodeSlip, SlipReader } from '../../../src-main/station/devices/esp-rom/slip.ts';
import { mutateStream } from '../mutate/stream.ts';
import { Broken, type FuzzTarget } from '../target.ts';

const maxPacket = 512;
const packets = [
  Buffer.from('0108040007071220000000 00'.replaceAll(' ', ''), 'hex'),
  Buffer.from('01c0db0000dcdd00c0c0dbdb00000000', 'hex'),
  Buffer.alloc(maxPacket, 0xc0),
];
const boot = Buffer.from('ESP-ROM:esp32c3-api1-20210207\r\nwaiting for download\r\n');
const last = Buffer.from('last');

interface Heard {
  readonly packets: Buffer[];
  readonly damage: string[];
  noise: number;
}

function heard(stream: Uint8Array, piece: number): Heard & { readonly reader: SlipReader } {
  const found: Heard = { packets: [], damage: [], noise: 0 };
  const reader = new SlipReader(
    {
      onPacket: (packet) => found.packets.push(Buffer.from(packet)),
      onDamaged: (why) => found.damage.push(why),
      onNoise: (bytes) => (found.noise += bytes.length),
    },
    maxPacket,
  );
  for (let at = 0; at < stream.length; at += piece) reader.push(stream.subarray(at, at + piece));
  return Object.assign(found, { reader });
}

const told = ({ packets: found, damage, noise }: Heard): string =>
  [...found.map((packet) => packet.toString('hex')), ...damage, String(noise)].join();

/** What comes from a chip in its ROM loader: packets in SLIP between boot messages. */
export const espSlip: FuzzTarget = {
  name: 'esp-slip',
  seeds: () => [...packets.map(encodeSlip), Buffer.concat([boot, ...packets.flatMap((packet) => [encodeSlip(packet), boot])])],
  mutate: mutateStream([[0xc0], [0xdb], [0xdb, 0xdc], [0xdb, 0xdd], [0xdb, 0xc0], [0xc0, 0xc0]].map((word) => Buffer.from(word))),
  feed: (input) => {
    const whole = heard(input, Math.max(1, input.length));
    for (const piece of [1, 5])
      if (told(whole) !== told(heard(input, piece))) throw new Broken('what is found depends on how the bytes are cut');
    if (whole.packets.some(({ length }) => length === 0 || length > maxPacket)) throw new Broken('a packet of no or of too many bytes');
    if (input.length > 0 && input.length <= maxPacket) {
      const { packets: again } = heard(encodeSlip(input), 3);
      if (again.length !== 1 || again[0]?.equals(input) !== true) throw new Broken('a packet does not come back as it was sent');
    }
    const count = whole.packets.length;
    const outcome = `${Math.min(count, 9)} packets, ${[...new Set(whole.damage)].join(' · ')}, ${whole.noise > 0 ? 'noise' : ''}`;
    // The first may be taken for the end of what had begun.
    for (let times = 0; times < 2; times++) whole.reader.push(encodeSlip(last));
    if (whole.packets.at(-1)?.equals(last) !== true) throw new Broken('a whole packet after it is not received');
    return outcome;
  },
};
