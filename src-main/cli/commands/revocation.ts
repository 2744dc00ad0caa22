import {
  Failure,
  RevocationReason,
  exitCodes,
  unwrap,
  type BulkSelector,
  type RevocationView,
  type Selector,
} from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { readText } from '../files.ts';
import { whyPending } from '../in-force.ts';
import { table } from '../output.ts';
import type { StationProcess } from '../station-process.ts';
import { parseTime } from '../time.ts';
import { oneOf } from '../values.ts';
import { serialOf } from './certificates.ts';

export async function revoke(context: CommandContext): Promise<number> {
  const { values } = context;
  const many = bulkSelectorOf(context);
  const one = many === null ? selectorOf(context) : null;
  const { reason = 'unspecified' } = oneOf(values, 'reason', RevocationReason.options);
  const seconds = values.number('timeout', { min: 0, max: 3600, fallback: 30 });
  const station = context.start({ broker: true, line: 'off' });
  const terms = { reason, note: values.text('note') ?? '', seconds };
  if (many !== null) return revokeMany(context, station, many, terms);
  return revokeOne(context, station, unwrap(one, 'it is many or one'), terms);
}

interface Terms {
  readonly reason: RevocationReason;
  readonly note: string;
  readonly seconds: number;
}

async function nothingToRevoke(station: StationProcess, { device, ...other }: Selector): Promise<Failure> {
  if (device === undefined) return new Failure('NOT_FOUND', { kind: 'certificate', id: Object.values(other).join('') });
  const { rows } = await station.call('devices.list', { search: device, limit: 100 });
  return rows.some((row) => row.device === device)
    ? new Failure('DEVICE_WITHOUT_CERTIFICATE', { device })
    : new Failure('NOT_FOUND', { kind: 'device', id: device });
}

async function revokeOne(context: CommandContext, station: StationProcess, selector: Selector, terms: Terms): Promise<number> {
  const hit = await station.call('revocations.preview', selector);
  if (hit.length === 0) throw await nothingToRevoke(station, selector);
  if (context.values.flag('dry-run')) {
    context.output.result({ wouldRevoke: hit }, () =>
      table(
        ['SERIAL', 'DEVICE', 'STATUS'],
        hit.map((row) => [row.serial, row.device, row.status]),
      ),
    );
    return exitCodes.OK;
  }
  await context.openSession(station, { kind: 'crl-only', minutes: 10, reason: 'revoke on the command line' });
  const revoked = await station.call('revocations.revoke', { selector, reason: terms.reason, note: terms.note });
  const settled = await untilEffective(station, revoked, terms.seconds * 1000);
  const effective = settled.every(hasArrived);
  context.output.result({ revocations: settled }, () =>
    table(
      ['SERIAL', 'DEVICE', 'STATE', 'CRL'],
      settled.map((one) => [one.serial, one.device, one.state, one.crlNumber === null ? '-' : `#${String(one.crlNumber)}`]),
    ),
  );
  return context.output.promised(effective ? null : await whyPending(station));
}

/** A work order, a time or a list; null when the command names a single device or certificate. */
function bulkSelectorOf(context: CommandContext): BulkSelector | null {
  const [order, from, to, csv] = [
    context.values.text('order'),
    context.values.text('issued-from'),
    context.values.text('issued-to'),
    context.values.text('csv'),
  ];
  if (to !== undefined && from === undefined)
    throw new Failure('INVALID_INPUT', { field: '--issued-to', problem: 'needs --issued-from, too' });
  const named: BulkSelector[] = [];
  if (order !== undefined) named.push({ order });
  if (from !== undefined)
    named.push({ issued: { from: parseTime('--issued-from', from), to: parseTime('--issued-to', to ?? new Date().toISOString()) } });
  if (csv !== undefined) named.push({ csv: readText(csv) });
  if (named.length === 0) return null;
  const single = ['device', 'serial', 'fingerprint'].some((name) => context.values.text(name) !== undefined);
  const [first] = named;
  if (first === undefined || named.length > 1 || single)
    throw new Failure('INVALID_INPUT', { field: 'certificates revoke', problem: 'name one kind of selection only' });
  return first;
}

/** Shows what it hits, or revokes exactly that and waits until the broker host has all of it. */
async function revokeMany(context: CommandContext, station: StationProcess, selector: BulkSelector, terms: Terms): Promise<number> {
  const { count, byStatus, digest, rows } = await station.call('revocations.previewMany', selector);
  if (context.values.flag('dry-run') || count === 0) {
    context.output.result({ wouldRevoke: rows, count, byStatus }, () =>
      [
        table(
          ['SERIAL', 'DEVICE', 'STATUS'],
          rows.map((row) => [row.serial, row.device, row.status]),
        ),
        ...(count > rows.length ? [`… and ${String(count - rows.length)} more`] : []),
        `${String(count)} would be revoked. Selected by status: ${statusWords(byStatus)}`,
      ].join('\n'),
    );
    return exitCodes.OK;
  }
  await context.openSession(station, { kind: 'crl-only', minutes: 10, reason: 'revoke on the command line' });
  const { revoked } = await station.call('revocations.revokeMany', { selector, digest, reason: terms.reason, note: terms.note });
  const waiting = await untilNoneWaits(station, terms.seconds * 1000);
  context.output.result(
    { revoked, waiting },
    () =>
      `${String(revoked)} certificates revoked; ${waiting === 0 ? 'the broker refuses all of them' : `${String(waiting)} not EFFECTIVE yet`}`,
  );
  return context.output.promised(waiting === 0 ? null : await whyPending(station));
}

const statusWords = (byStatus: Readonly<Record<string, number>>): string =>
  Object.entries(byStatus)
    .map(([status, n]) => `${String(n)} ${status}`)
    .join(', ');

/** Revocations that are not EFFECTIVE when none is left or `ms` have passed. */
async function untilNoneWaits(station: StationProcess, ms: number): Promise<number> {
  const until = performance.now() + ms;
  for (;;) {
    await station.call('publication.settle', { seconds: Math.ceil(Math.max(0, until - performance.now()) / 1_000) });
    const { total } = await station.call('revocations.list', { waiting: true, limit: 1 });
    const left = until - performance.now();
    if (total === 0 || left <= 0) return total;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(finish, left);
      const off = station.on('status.changed', finish);
      function finish(): void {
        clearTimeout(timer);
        off();
        resolve();
      }
    });
  }
}

function selectorOf(context: CommandContext): Selector {
  const [device, serial, fingerprint] = ['device', 'serial', 'fingerprint'].map((name) => context.values.text(name));
  const named = {
    ...(device === undefined ? {} : { device }),
    ...(serial === undefined ? {} : { serial: serialOf(serial) }),
    ...(fingerprint === undefined ? {} : { fingerprint: fingerprint.toLowerCase().replaceAll(':', '') }),
  };
  if (Object.keys(named).length !== 1)
    throw new Failure('INVALID_INPUT', {
      field: 'certificates revoke',
      problem: 'name exactly one of --device, --serial, --fingerprint, --order, --issued-from, --csv',
    });
  return named;
}

const hasArrived = ({ use, state }: RevocationView): boolean => state === 'EFFECTIVE' || (use === 'server' && state === 'PUBLISHED');

/** Follows revocations by their events until all are EFFECTIVE or `ms` have passed; returns how far each has come. */
export async function untilEffective(station: StationProcess, revoked: readonly RevocationView[], ms: number): Promise<RevocationView[]> {
  const state = new Map(revoked.map((one) => [one.serial, one]));
  const done = (): boolean => [...state.values()].every(hasArrived);
  await new Promise<void>((resolve) => {
    const timer = setTimeout(finish, ms);
    const off = station.on('revocation.changed', (view) => {
      if (state.has(view.serial)) state.set(view.serial, view);
      if (done()) finish();
    });
    function finish(): void {
      clearTimeout(timer);
      off();
      resolve();
    }
    // What became effective between the answer and the listener has no event any more.
    void Promise.all([...state.keys()].map((serial) => station.call('revocations.list', { search: serial }))).then(
      (pages) => {
        for (const row of pages.flatMap((page) => page.rows)) if (state.has(row.serial)) state.set(row.serial, row);
        if (done()) finish();
      },
      () => undefined,
    );
  });
  return [...state.values()];
}
