import { closeSync, unlinkSync } from 'node:fs';
import {
  BundleFormat,
  DeviceName,
  exitCodes,
  Failure,
  firstProblem,
  KeyAlgorithm,
  limits,
  type BundleView,
  type CallInput,
} from '../../contract/index.ts';
import type { Command, CommandContext } from '../command.ts';
import { fillFile, openNewFile } from '../files.ts';
import { table } from '../output.ts';
import { readSecret } from '../pin.ts';
import type { StationProcess } from '../station-process.ts';
import { page, paging } from './look.ts';

export const bundle: Command = {
  name: 'bundle',
  summary: 'credentials for a device that cannot make its own key: one encrypted file, or a link that works once',
  options: {
    device: { argument: 'TENANT/DEVICE', help: 'the device; a new one is registered' },
    out: { argument: 'FILE', help: 'where the file goes; it must not exist' },
    link: { help: 'no file: serve it over HTTPS until it was fetched once' },
    expires: { argument: 'TIME', help: 'of the link, e.g. 30m, 2h, 7d (default 1h)' },
    address: { argument: 'HOST[:PORT]', help: 'of this computer, where the link is served (default 127.0.0.1, any free port)' },
    format: { argument: 'zip|p12', help: 'AES-256 ZIP (default), or PKCS#12' },
    key: { argument: 'KIND', help: `${KeyAlgorithm.options.join(', ')} (default: the profile’s first)` },
    'passphrase-file': {
      argument: 'FILE',
      help: 'a passphrase of your own; "-" reads standard input (default: one is made and shown once)',
    },
    order: {
      argument: 'ID',
      help: 'work order (default: the device’s, else the one on the line); a new one is made for --quantity devices',
    },
    quantity: { argument: 'N', help: 'new work order: how many devices (default 1)' },
    'certificate-profile': { argument: 'NAME', help: 'new work order: what their certificates say (default: bundle)' },
    'prove-within': { argument: 'TIME', help: 'the device has to be seen on the broker within, e.g. 72h (default 7d)' },
    lost: { help: 'an earlier bundle is lost: what the device has is revoked at once, as keyCompromise' },
    wait: { argument: 'SECONDS', help: 'wait so long for the device to prove itself' },
    list: { help: 'the bundles so far, and how far each has come' },
    ...paging,
  },
  async run(context) {
    if (context.flag('list')) return list(context);
    const wish = await wishOf(context);
    const link = context.flag('link');
    const out = context.text('out');
    if (link === (out !== undefined)) throw new Failure('INVALID_INPUT', { field: '--out', problem: 'give a file for it, or --link' });
    const served = link ? { linkMinutes: minutes(context, 'expires', { ...limits.linkMinutes }), ...address(context) } : null;
    const file = out === undefined ? null : new OutFile(out);
    context.atEnd(() => file?.close());
    const station = context.start({ broker: true, line: 'off' });
    const order = await orderFor(context, station, wish.device);
    await context.openSession(station, {
      kind: 'issue',
      quota: 1,
      minutes: 10,
      profiles: order === null ? null : [order],
      reason: 'bundle on the command line',
    });
    return served === null ? toFile(context, station, wish, file) : byLink(context, station, { ...wish, ...served });
  },
};

type Wish = CallInput<'bundles.make'>;

async function wishOf(context: CommandContext): Promise<Wish> {
  const device = context.text('device') ?? '';
  const named = DeviceName.safeParse(device);
  if (!named.success) throw new Failure('INVALID_INPUT', firstProblem(named.error, '--device'));
  const passphraseFile = context.text('passphrase-file');
  if (passphraseFile === '-' && context.text('pin-file') === '-')
    throw new Failure('INVALID_INPUT', { field: '--passphrase-file', problem: 'standard input is the PIN’s already' });
  const passphrase =
    passphraseFile === undefined ? null : await readSecret({ file: passphraseFile, option: '--passphrase-file', tryOut: false }, '');
  return {
    device,
    order: context.text('order') ?? null,
    format: choice(context, 'format', BundleFormat.options) ?? 'zip',
    keyAlgorithm: choice(context, 'key', KeyAlgorithm.options) ?? null,
    passphrase,
    proveHours: Math.ceil(minutes(context, 'prove-within', scaled(limits.proveHours, 60)) / 60),
    lost: context.flag('lost'),
  };
}

function choice<T extends string>(context: CommandContext, name: string, options: readonly T[]): T | undefined {
  const text = context.text(name);
  const found = options.find((option) => option === text);
  if (text !== undefined && found === undefined)
    throw new Failure('INVALID_INPUT', { field: `--${name}`, problem: `must be one of ${options.join(', ')}` });
  return found;
}

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly default: number;
}
const scaled = ({ min, max, default: usual }: Bounds, by: number): Bounds => ({ min: min * by, max: max * by, default: usual * by });

/** A time with its unit, in minutes. */
function minutes(context: CommandContext, name: string, bounds: Bounds): number {
  const text = context.text(name);
  if (text === undefined) return bounds.default;
  const { number = '', unit = '' } = /^(?<number>\d{1,6})(?<unit>[mhd])$/u.exec(text)?.groups ?? {};
  const value = Number(number) * ({ m: 1, h: 60, d: 1440 }[unit] ?? 0);
  if (value < bounds.min || value > bounds.max)
    throw new Failure('INVALID_INPUT', {
      field: `--${name}`,
      problem: `must be a time like 30m, 2h or 7d, from ${inWords(bounds.min)} to ${inWords(bounds.max)}`,
    });
  return value;
}
const inWords = (value: number): string =>
  value % 1440 === 0 ? `${String(value / 1440)}d` : value % 60 === 0 ? `${String(value / 60)}h` : `${String(value)}m`;

function address(context: CommandContext): { host?: string; port?: number } {
  const text = context.text('address');
  if (text === undefined) return {};
  const parts = /^(?:\[(?<v6>[0-9A-Fa-f:.]+)\]|(?<name>[A-Za-z0-9.-]+))(?::(?<port>\d{1,5}))?$/u.exec(text)?.groups;
  const port = Number(parts?.['port'] ?? '0');
  const host = parts?.['v6'] ?? parts?.['name'];
  if (host === undefined || port > 65_535)
    throw new Failure('INVALID_INPUT', { field: '--address', problem: 'must be HOST, HOST:PORT or [IPv6]:PORT' });
  return { host, port };
}

/** Makes the work order where it is a new one; the certificate profile of the order that will be used, null where the station chooses it. */
async function orderFor(context: CommandContext, station: StationProcess, device: string): Promise<string | null> {
  const id = context.text('order');
  if (id === undefined) return null;
  const known = (await station.call('orders.list', {})).find(({ order }) => order.id === id)?.order;
  if (known !== undefined) return known.certificateProfile;
  const certificateProfile = context.text('certificate-profile') ?? 'bundle';
  await station.call('orders.create', {
    id,
    tenant: device.split('/')[0] ?? '',
    product: id,
    deviceProfile: 'reference-agent',
    certificateProfile,
    quantity: context.number('quantity', { min: 1, max: 1_000_000, fallback: 1 }),
    idPrefix: `${id}-`,
  });
  return certificateProfile;
}

/** Taken before there is a key: a bundle that cannot be written would be lost. */
class OutFile {
  readonly path: string;
  readonly #handle: number;
  #written = false;

  constructor(path: string) {
    this.path = path;
    this.#handle = openNewFile(path, 0o600);
  }

  write(bytes: Uint8Array): void {
    fillFile(this.path, this.#handle, bytes);
    this.#written = true;
  }

  /** Leaves nothing where nothing was written. */
  close(): void {
    if (this.#written) return;
    closeSync(this.#handle);
    unlinkSync(this.path);
  }
}

async function toFile(context: CommandContext, station: StationProcess, wish: Wish, out: OutFile | null): Promise<number> {
  if (out === null) throw new Error('without a link there is a file');
  const { file, ...made } = await station.call('bundles.make', wish);
  try {
    out.write(file);
  } catch (thrown) {
    // Nobody has the bundle now, and nobody ever will: its certificate goes at once.
    await station.call('revocations.revoke', {
      selector: { serial: made.bundle.serial },
      reason: 'cessationOfOperation',
      note: 'its bundle could not be written',
    });
    throw thrown;
  }
  await station.call('publication.settle', {});
  context.output.result({ ...made, out: out.path }, () =>
    [
      `${made.bundle.device}: ${out.path} (${String(made.bytes)} bytes, serial ${made.bundle.serial})`,
      ...secretText(made),
      ...nextText(made),
    ].join('\n'),
  );
  return waitForProof(context, station, made.bundle);
}

async function byLink(context: CommandContext, station: StationProcess, wish: CallInput<'bundles.offer'>): Promise<number> {
  const ended = new Promise<BundleView>((resolve) => {
    station.on('bundle.changed', (view) => {
      if (view.device === wish.device && view.state !== 'OFFERED') resolve(view);
    });
  });
  const made = await station.call('bundles.offer', wish);
  const { link } = made;
  context.output.result(made, () =>
    [
      `${made.bundle.device}: serial ${made.bundle.serial}, until ${link.until}, once:`,
      `  ${link.url}`,
      `The server’s certificate has the SHA-256 fingerprint`,
      `  ${(link.fingerprint.toUpperCase().match(/../gu) ?? []).join(':')}`,
      `To fetch it and check that at the same time:`,
      `  curl -k --pinnedpubkey '${link.pin}' -o ${made.fileName} '${link.url}'`,
      ...secretText(made),
      ...nextText(made),
    ].join('\n'),
  );
  context.output.note('Serving the link until it was fetched. Ctrl-C withdraws it.');
  const view = await ended;
  if (view.state !== 'DELIVERED')
    throw view.why === null ? new Failure('BUNDLE_NOT_FETCHED', { why: 'it was withdrawn' }) : Failure.fromData(view.why);
  context.output.note(`Fetched at ${view.deliveredAt ?? ''}.`);
  return waitForProof(context, station, view);
}

function secretText(made: { passphrase: string | null; passphraseBits: number; revoked: readonly string[] }): string[] {
  const strength = `${String(made.passphraseBits)} bits`;
  return [
    ...(made.passphrase === null
      ? [`Your passphrase has ${strength} at most.`]
      : [`Passphrase, shown only now (${strength}): ${made.passphrase}`, 'Tell it by another way than the bundle.']),
    ...made.revoked.map((serial) => `Revoked for it: ${serial}`),
  ];
}

const nextText = ({ bundle: { proof, proveBy } }: { bundle: BundleView }): string[] => [
  `The device proves itself by publishing ${proof.payload}`,
  `  on ${proof.topic} (QoS 1, retained)${proveBy === null ? '' : ` by ${proveBy}; then its certificate is revoked`}.`,
  'The key is in the bundle and nowhere else: a lost one is replaced by another (--lost), with a new key.',
];

/** OK without --wait; with it only when the device was seen. */
async function waitForProof(context: CommandContext, station: StationProcess, { serial }: BundleView): Promise<number> {
  if (context.text('wait') === undefined) return exitCodes.OK;
  const seconds = context.number('wait', { min: 1, max: 7 * 86_400, fallback: 1 });
  const seen = new Promise<BundleView>((resolve) => {
    station.on('bundle.changed', (view) => {
      if (view.serial === serial && view.state !== 'DELIVERED') resolve(view);
    });
  });
  const { rows } = await station.call('bundles.list', { search: serial });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => (timer = setTimeout(() => resolve(null), seconds * 1000)));
  const now = rows[0]?.state === 'DELIVERED' ? await Promise.race([seen, late]) : rows[0];
  clearTimeout(timer);
  context.output.note(
    now?.state === 'PROVEN' ? 'The device has proven itself: its certificate is ACTIVE.' : 'The device was not seen yet.',
  );
  return now?.state === 'PROVEN' ? exitCodes.OK : exitCodes.FAILED;
}

async function list(context: CommandContext): Promise<number> {
  const station = context.start({ broker: false, line: 'off' });
  const found = await station.call('bundles.list', page(context));
  context.output.result(found, () =>
    table(
      ['DEVICE', 'SERIAL', 'FORMAT', 'STATE', 'MADE', 'DELIVERED', 'PROVE BY'],
      found.rows.map((row) => [row.device, row.serial, row.format, row.state, row.createdAt, row.deliveredAt ?? '-', row.proveBy ?? '-']),
    ),
  );
  return exitCodes.OK;
}
