import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { SlotPosition } from '../../../src-main/contract/ids.ts';
import { listedPorts, portAt } from '../../../src-main/station/devices/position.ts';
import { kernelPorts, UsbPorts } from '../../../src-main/station/devices/usb-ports.ts';

const sysfs = mkdtempSync(join(tmpdir(), 'birthmark-sysfs-'));
afterAll(() => rmSync(sysfs, { recursive: true }));

/** As the kernel shows a USB serial port; `hub` is the name of its device folder, e.g. 1-2.3. */
function plug(tty: string, hub: string, interfaceNumber: number, ids: { vendor: string; product: string; serial?: string }): () => void {
  const device = join(sysfs, 'devices/pci0000:00/0000:00:14.0/usb1', hub);
  const port = join(device, `${hub}:1.${String(interfaceNumber)}`, tty.startsWith('ttyACM') ? '' : tty, 'tty', tty);
  mkdirSync(port, { recursive: true });
  writeFileSync(join(device, 'idVendor'), `${ids.vendor}\n`);
  writeFileSync(join(device, 'idProduct'), `${ids.product}\n`);
  writeFileSync(join(device, 'product'), 'Quad RS232\n');
  if (ids.serial !== undefined) writeFileSync(join(device, 'serial'), `${ids.serial}\n`);
  mkdirSync(join(sysfs, 'class/tty'), { recursive: true });
  const link = join(sysfs, 'class/tty', tty);
  symlinkSync(join('../..', port.slice(sysfs.length + 1)), link);
  return () => rmSync(link);
}

const ports = { list: () => kernelPorts(sysfs) };

describe('the USB serial ports of a computer', () => {
  test('are those of the kernel; a built-in port, and a folder that went away meanwhile, are none', async () => {
    mkdirSync(join(sysfs, 'devices/platform/serial8250/tty/ttyS0'), { recursive: true });
    mkdirSync(join(sysfs, 'class/tty'), { recursive: true });
    symlinkSync('../../devices/platform/serial8250/tty/ttyS0', join(sysfs, 'class/tty/ttyS0'));
    expect(await kernelPorts(sysfs)).toEqual([]);
    expect(await kernelPorts(join(sysfs, 'none'))).toEqual([]);
  });

  test('an adapter is found wherever it is plugged in, a socket whatever is in it', async () => {
    const ids = { vendor: '0403', product: '6001', serial: 'A50285BI' };
    let unplug = plug('ttyUSB0', '1-2.3', 0, ids);
    expect(await portAt('usb:0403:6001:a50285bi', ports)).toBe('/dev/ttyUSB0');
    expect(await portAt('hub:1-2.3', ports)).toBe('/dev/ttyUSB0');
    unplug();
    expect(await portAt('usb:0403:6001:A50285BI', ports)).toBeNull();
    unplug = plug('ttyUSB1', '1-4', 0, ids);
    expect(await portAt('usb:0403:6001:A50285BI', ports)).toBe('/dev/ttyUSB1');
    expect(await portAt('hub:1-2.3', ports)).toBeNull();
    unplug();
    unplug = plug('ttyACM0', '1-2.3', 1, { vendor: '1366', product: '1051', serial: '000001050000' });
    expect(await portAt('hub:1-2.3', ports)).toBe('/dev/ttyACM0');
    unplug();
  });

  test('of an adapter with several ports each has its interface; without one nothing is guessed', async () => {
    const quad = { vendor: '0403', product: '6011', serial: 'FT4' };
    const unplug = [0, 1, 2, 3].map((number) => plug(`ttyUSB${String(number)}`, '1-1', number, quad));
    expect(await portAt('usb:0403:6011:FT4', ports)).toBeNull();
    expect(await portAt('usb:0403:6011:FT4/2', ports)).toBe('/dev/ttyUSB2');
    expect(await portAt('hub:1-1/3', ports)).toBe('/dev/ttyUSB3');
    expect((await listedPorts(ports)).map(({ path, usb, hub }) => [path, usb, hub])).toEqual(
      [0, 1, 2, 3].map((n) => [`/dev/ttyUSB${String(n)}`, `usb:0403:6011:FT4/${String(n)}`, `hub:1-1/${String(n)}`]),
    );
    for (const one of unplug) one();
  });

  test('two adapters with one serial number are none, by that number; without a number only the socket tells', async () => {
    const unplug = [
      plug('ttyUSB0', '1-5', 0, { vendor: '10c4', product: 'ea60', serial: '0001' }),
      plug('ttyUSB1', '1-6', 0, { vendor: '10c4', product: 'ea60', serial: '0001' }),
      plug('ttyUSB2', '1-7', 0, { vendor: '1a86', product: '7523' }),
    ];
    expect(await portAt('usb:10c4:ea60:0001', ports)).toBeNull();
    expect((await listedPorts(ports)).at(-1)).toMatchObject({ usb: null, hub: 'hub:1-7' });
    for (const one of unplug) one();
  });

  test('are read once for all slots that look at the same moment', async () => {
    let reads = 0;
    const list = new UsbPorts(() => Promise.resolve((reads += 1) > 0 ? [] : []));
    await Promise.all(Array.from({ length: 16 }, () => portAt('hub:1-1', list)));
    expect(reads).toBe(1);
  });
});

test.each([
  ['/dev/serial/by-path/pci-0000:00:14.0-usb-0:2:1.0-port0', true],
  ['/dev/ttyRS485-0', true],
  ['COM12', true],
  ['usb:0403:6011:FT4/2', true],
  ['hub:1-2.3', true],
  ['ttyUSB0', false],
  ['usb:0403:6011', false],
  ['usb:0403:6011:', false],
  ['hub:', false],
  ['/dev/tty\nUSB0', false],
  ['', false],
])('position %j: %s', (text, good) => {
  expect(SlotPosition.safeParse(text).success).toBe(good);
});
