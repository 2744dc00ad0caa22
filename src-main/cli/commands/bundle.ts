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
import type { CommandContext } from '../context.ts';
import { NewFile } from '../files.ts';
import { notInForce } from '../in-force.ts';
import { readSecret } from '../pin.ts';
import { printPages, type Column } from '../rows.ts';
import type { StationProcess } from '../station-process.ts';
import { oneOf } from '../values.ts';
import { knownOrder } from './orders.ts';

export async function makeBundle(context: CommandContext): Promise<number> {
  const wish = await wishOf(context);
  // Taken before there is a key: a bundle that cannot be written would be lost.
  const file = new NewFile(context.values.needed('out'), 0o600);
  context.atEnd(() => file.close());
  return toFile(context, await ready(context, wish), wish, file);
}

export async function offerBundle(context: CommandContext): Promise<number> {
  const wish = await wishOf(context);
  const served = { linkMinutes: minutes(context, 'expires', { ...limits.linkMinutes }), ...address(context) };
  return byLink(context, await ready(context, wish), { ...wish, ...served });
}

/** The station with the work order, and a session for one certificate of it. */
async function ready(context: CommandContext, { device }: BundleRequest): Promise<StationProcess> {
  const station = context.start({ broker: true, line: 'off' });
  const profile = await orderFor(context, station, device);
  await context.openSession(station, {
    kind: 'issue',
    quota: 1,
    minutes: 10,
    profiles: profile === null ? null : [profile],
    reason: 'bundle on the command line',
  });
  return station;
}

type BundleRequest = CallInput<'bundles.make'>;

async function wishOf(context: CommandContext): Promise<BundleRequest> {
  const device = context.values.word;
  const named = DeviceName.safeParse(device);
  if (!named.success) throw new Failure('INVALID_INPUT', firstProblem(named.error, 'TENANT/DEVICE'));
  const passphraseFile = context.values.text('passphrase-file');
  const passphrase =
    passphraseFile === undefined ? null : await readSecret({ file: passphraseFile, option: '--passphrase-file', tryOut: false }, '');
  return {
    device,
    order: context.values.text('order') ?? null,
    format: oneOf(context.values, 'format', BundleFormat.options).format ?? 'zip',
    keyAlgorithm: oneOf(context.values, 'key', KeyAlgorithm.options).key ?? null,
    passphrase,
    proveHours: Math.ceil(minutes(context, 'prove-within', scaled(limits.proveHours, 60)) / 60),
    lost: context.values.flag('lost'),
  };
}

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly default: number;
}
const scaled = ({ min, max, default: usual }: Bounds, by: number): Bounds => ({ min: min * by, max: max * by, default: usual * by });

/** A time with its unit, in minutes. */
function minutes(context: CommandContext, name: string, bounds: Bounds): number {
  const text = context.values.text(name);
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
  const text = context.values.text('address');
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
  const id = context.values.text('order');
  if (id === undefined) return null;
  const known = await knownOrder(station, id);
  if (known !== null) return known.order.certificateProfile;
  const certificateProfile = context.values.text('certificate-profile') ?? 'bundle';
  await station.call('orders.create', {
    id,
    tenant: device.split('/')[0] ?? '',
    product: id,
    deviceProfile: 'reference-agent',
    certificateProfile,
    quantity: context.values.number('quantity', { min: 1, max: 1_000_000, fallback: 1 }),
    idPrefix: `${id}-`,
  });
  return certificateProfile;
}

async function toFile(context: CommandContext, station: StationProcess, wish: BundleRequest, out: NewFile): Promise<number> {
  const { file, ...made } = await station.call('bundles.make', wish);
  try {
    out.fill(file);
  } catch (thrown) {
    // Nobody has the bundle now, and nobody ever will: its certificate goes at once.
    await station.call('revocations.revoke', {
      selector: { serial: made.bundle.serial },
      reason: 'cessationOfOperation',
      note: 'its bundle could not be written',
    });
    throw thrown;
  }
  const pending = await notInForce(station);
  context.output.result({ ...made, out: out.path }, () =>
    [
      `${made.bundle.device}: ${out.path} (${String(made.bytes)} bytes, serial ${made.bundle.serial})`,
      ...secretText(made),
      ...nextText(made),
    ].join('\n'),
  );
  return waitForProof(context, station, made.bundle, pending);
}

async function byLink(context: CommandContext, station: StationProcess, wish: CallInput<'bundles.offer'>): Promise<number> {
  const ended = new Promise<BundleView>((resolve) => {
    station.on('bundle.changed', (view) => {
      if (view.device === wish.device && view.state !== 'OFFERED') resolve(view);
    });
  });
  const made = await station.call('bundles.offer', wish);
  const { link } = made;
  context.output.resultNow(made, () =>
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
  return waitForProof(context, station, view, await notInForce(station));
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

/** Without --wait OK when the broker lets the device in; with it only when the device was seen. */
async function waitForProof(
  context: CommandContext,
  station: StationProcess,
  { serial }: BundleView,
  pending: Failure | null,
): Promise<number> {
  if (context.values.text('wait') === undefined) return context.output.promised(pending);
  const seconds = context.values.number('wait', { min: 1, max: 7 * 86_400, fallback: 1 });
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

const columns: readonly Column<BundleView>[] = [
  { title: 'DEVICE', of: (row) => row.device },
  { title: 'SERIAL', of: (row) => row.serial },
  { title: 'FORMAT', of: (row) => row.format },
  { title: 'STATE', of: (row) => row.state },
  { title: 'MADE', of: (row) => row.createdAt },
  { title: 'DELIVERED', of: (row) => row.deliveredAt },
  { title: 'PROVE BY', of: (row) => row.proveBy },
];

export async function listBundles(context: CommandContext): Promise<number> {
  const search = context.values.text('search') ?? '';
  const station = context.start({ broker: false, line: 'off' });
  await printPages(context, columns, (page) => station.call('bundles.list', { ...page, search }));
  return exitCodes.OK;
}
