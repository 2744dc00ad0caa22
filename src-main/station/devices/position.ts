import { UsbPorts, type UsbPort } from './usb-ports.ts';

/**
 * Where a slot is. A path (also a link, as under /dev/serial/by-path) is taken as it is; `usb:VID:PID:SERIAL` is an adapter wherever it is plugged in, `hub:1-2.3` a socket whatever is
 * plugged in there. Adapters with several ports: `/N` behind it is the interface.
 */
export type Position =
  { readonly kind: 'path'; readonly path: string } | { readonly kind: 'usb' | 'hub'; readonly matches: (port: UsbPort) => boolean };

export function parsePosition(text: string): Position {
  const named = /^(usb|hub):(.+?)(?:\/(\d{1,3}))?$/u.exec(text);
  if (named === null) return { kind: 'path', path: text };
  const [, kind, what = '', number] = named;
  const isInterface = (port: UsbPort): boolean => number === undefined || port.interface === Number(number);
  if (kind === 'hub') return { kind: 'hub', matches: (port) => port.hub === what && isInterface(port) };
  const wanted = what.toLowerCase();
  return {
    kind: 'usb',
    matches: (port) => `${port.vendorId}:${port.productId}:${port.serial}`.toLowerCase() === wanted && isInterface(port),
  };
}

/** How a port can be named so that it is found again; what it lacks is null. */
export function positionsOf(port: UsbPort, all: readonly UsbPort[]): { readonly usb: string | null; readonly hub: string | null } {
  const named = (text: string): string => {
    const alone = all.filter(parsePositionOf(text)).length === 1;
    return alone ? text : `${text}/${String(port.interface)}`;
  };
  return {
    usb: port.serial === '' ? null : named(`usb:${port.vendorId}:${port.productId}:${port.serial}`),
    hub: port.hub === '' ? null : named(`hub:${port.hub}`),
  };
}

function parsePositionOf(text: string): (port: UsbPort) => boolean {
  const position = parsePosition(text);
  return position.kind === 'path' ? () => false : position.matches;
}

const usbPorts = new UsbPorts();

/** The path of what is at a position now; null when nothing is, or when it is not one port alone. */
export async function portAt(text: string, ports: Pick<UsbPorts, 'list'> = usbPorts): Promise<string | null> {
  const position = parsePosition(text);
  if (position.kind === 'path') return position.path;
  const found = (await ports.list()).filter(position.matches);
  return found.length === 1 ? (found[0]?.path ?? null) : null;
}

/** A USB serial port with how it can be named. */
export interface NamedPort extends ReturnType<typeof positionsOf> {
  readonly path: string;
  readonly product: string;
}

export async function listedPorts(ports: Pick<UsbPorts, 'list'> = usbPorts): Promise<readonly NamedPort[]> {
  const all = await ports.list();
  return all.map((port) => ({ path: port.path, product: port.product, ...positionsOf(port, all) }));
}
