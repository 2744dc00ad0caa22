import { Failure } from '../../../src-main/contract/index.ts';
import { EspClient, commands, RomRefusal, type CommandName, type RomAnswer } from '../../../src-main/station/devices/esp-rom/client.ts';
import { macOf, readSecurityInfo } from '../../../src-main/station/devices/esp-rom/chips.ts';
import { md5Of } from '../../../src-main/station/devices/esp-rom/flash.ts';
import { encodeSlip } from '../../../src-main/station/devices/esp-rom/slip.ts';
import { Transcript } from '../../../src-main/station/devices/transcript.ts';
import { mutateStream } from '../mutate/stream.ts';
import { Broken, type FuzzTarget } from '../target.ts';

const asked: readonly CommandName[] = ['SYNC', 'GET_SECURITY_INFO', 'READ_REG', 'SPI_FLASH_MD5'];

function answer(name: CommandName, value: number, data: Uint8Array, status: readonly number[] = [0, 0, 0, 0]): Buffer {
  const packet = Buffer.alloc(8 + data.length + status.length);
  packet.set([1, commands[name]]);
  packet.writeUInt16LE(data.length + status.length, 2);
  packet.writeUInt32LE(value, 4);
  packet.set(data, 8);
  packet.set(status, 8 + data.length);
  return encodeSlip(packet);
}

const nothing = Buffer.alloc(0);
const security = Buffer.from('0000000000000000000000000500000001000000', 'hex');
const good = Buffer.concat([
  ...Array.from({ length: 8 }, () => answer('SYNC', 0x2012_0707, nothing)),
  answer('GET_SECURITY_INFO', 0, security),
  answer('READ_REG', 0x6921_506f, nothing),
  answer('SPI_FLASH_MD5', 0, Buffer.from('0123456789abcdef0123456789abcdef')),
]);
const refusing = Buffer.concat(asked.map((name) => answer(name, 0, nothing, [1, 5, 0, 0])));
const short = Buffer.concat([
  answer('SYNC', 0, nothing),
  answer('GET_SECURITY_INFO', 0, security.subarray(0, 12)),
  answer('READ_REG', 0xffff_ffff, Buffer.alloc(4)),
  answer('SPI_FLASH_MD5', 0, Buffer.alloc(16, 0xaa)),
]);

/** What the answers say, one command after the other; each is given the whole stream. */
export const espResponses: FuzzTarget = {
  name: 'esp-responses',
  seeds: () => [good, refusing, short, Buffer.concat([Buffer.from('rst:0x1 (POWERON)\r\n'), good])],
  mutate: mutateStream(
    [[0xc0], [0xdb], [1, 8], [1, 0x14], [1, 0x0a], [1, 0x13], [0, 0, 0, 0], [1, 5, 0, 0]].map((word) => Buffer.from(word)),
  ),
  feed: async (input) => {
    const line = { path: 'port', baudRate: 115_200, write: () => Promise.resolve() };
    const client = new EspClient(line, new Transcript());
    const outcomes: string[] = [];
    for (const name of asked) {
      const waiting = new AbortController();
      const answered = client.command(name, nothing, { signal: waiting.signal, deadlineMs: 60_000 });
      client.receive(input);
      waiting.abort(new Failure('CANCELLED', { left: 'silence' }));
      outcomes.push(
        await answered.then(
          (told) => read(name, told),
          (thrown: unknown) => {
            if (thrown instanceof RomRefusal) return `refused ${String(thrown.status)}`;
            if (thrown instanceof Failure && thrown.code === 'CANCELLED') return 'silent';
            throw thrown;
          },
        ),
      );
    }
    return outcomes.join(' · ');
  },
};

function read(name: CommandName, { value, data }: RomAnswer): string {
  if (!/^[0-9A-F]{12}$/u.test(macOf(value, value & 0xffff))) throw new Broken('an address that is none');
  if (name === 'GET_SECURITY_INFO')
    return JSON.stringify(readSecurityInfo(data)?.chipId === null ? 'no id' : readSecurityInfo(data) === null);
  if (name !== 'SPI_FLASH_MD5') return 'answered';
  const digest = md5Of(data);
  if (digest !== null && !/^[0-9a-f]{32}$/u.test(digest)) throw new Broken('a digest that is none');
  return digest === null ? 'no digest' : 'a digest';
}
