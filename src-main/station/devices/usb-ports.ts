import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SerialPort } from 'serialport';

/** A USB serial port that is plugged in now. */
export interface UsbPort {
  /** As the system calls it now: /dev/ttyUSB0, COM3. */
  readonly path: string;
  /** Four hex digits each, lower case. */
  readonly vendorId: string;
  readonly productId: string;
  /** Empty where the adapter has none. */
  readonly serial: string;
  /** Where it is plugged in: bus and the ports of each hub on the way, e.g. 1-2.3; empty where the system does not tell. */
  readonly hub: string;
  /** Adapters with several ports have one for each. */
  readonly interface: number;
  readonly product: string;
}

/** Many slots look at the same list: it is read once in this time. */
const FRESH_MS = 100;

/** Lists the USB serial ports of this computer. On Linux from the kernel itself, which needs no udev and takes about a millisecond. */
export class UsbPorts {
  readonly #list: () => Promise<readonly UsbPort[]>;
  #at = -Infinity;
  #known: Promise<readonly UsbPort[]> = Promise.resolve([]);

  constructor(list: () => Promise<readonly UsbPort[]> = process.platform === 'linux' ? () => kernelPorts('/sys') : driverPorts) {
    this.#list = list;
  }

  list(): Promise<readonly UsbPort[]> {
    if (performance.now() - this.#at > FRESH_MS) {
      this.#at = performance.now();
      this.#known = this.#list();
    }
    return this.#known;
  }
}

/** From sysfs: /sys/class/tty/ttyUSB0 is a link into the tree of the buses, where the folder of the USB device has its descriptors. */
export async function kernelPorts(sysfs: string): Promise<readonly UsbPort[]> {
  const folder = join(sysfs, 'class/tty');
  const names = await readdir(folder).catch(() => []);
  const found = await Promise.all(names.map((name) => kernelPort(folder, name).catch(() => null)));
  return found.filter((port) => port !== null).sort((a, b) => a.path.localeCompare(b.path, 'en', { numeric: true }));
}

async function kernelPort(folder: string, name: string): Promise<UsbPort | null> {
  const link = await readlink(join(folder, name));
  // …/usb1/1-2/1-2.3/1-2.3:1.0/ttyUSB0/tty/ttyUSB0: device and interface are the last two of their kind.
  const parts = link.split('/');
  const at = parts.findLastIndex((part) => /^\d+-[\d.]+:\d+\.\d+$/u.test(part));
  if (at < 1) return null;
  const device = resolve(await realpath(folder), parts.slice(0, at).join('/'));
  const text = async (file: string): Promise<string> => (await readFile(join(device, file), 'utf8').catch(() => '')).trim();
  return {
    path: `/dev/${name}`,
    vendorId: await text('idVendor'),
    productId: await text('idProduct'),
    serial: await text('serial'),
    hub: parts[at]?.split(':')[0] ?? '',
    interface: Number(parts[at]?.split('.').at(-1)),
    product: await text('product'),
  };
}

/** Windows and macOS: what the serial port library finds. They tell no interface: ports of one adapter are numbered as they are listed. */
async function driverPorts(): Promise<readonly UsbPort[]> {
  const counts = new Map<string, number>();
  return (await SerialPort.list().catch(() => [])).flatMap((port) => {
    if (port.vendorId === undefined || port.productId === undefined) return [];
    const device = `${port.vendorId}:${port.productId}:${port.serialNumber ?? ''}:${port.locationId ?? ''}`;
    const index = counts.get(device) ?? 0;
    counts.set(device, index + 1);
    const [vendorId, productId] = [port.vendorId.toLowerCase(), port.productId.toLowerCase()];
    const product = port.manufacturer ?? '';
    return [
      { path: port.path, vendorId, productId, serial: port.serialNumber ?? '', hub: port.locationId ?? '', interface: index, product },
    ];
  });
}
