import { Failure, RevocationReason, exitCodes, type RevocationView, type Selector } from '../../contract/index.ts';
import type { Command, CommandContext } from '../command.ts';
import { table } from '../output.ts';
import type { StationProcess } from '../station-process.ts';

export const revoke: Command = {
  name: 'revoke',
  summary: 'revoke certificates and wait until the broker refuses them',
  options: {
    device: { argument: 'TENANT/DEVICE', help: 'all certificates of a device' },
    serial: { argument: 'HEX', help: 'one certificate, by serial number' },
    fingerprint: { argument: 'SHA256', help: 'one certificate, by SHA-256 fingerprint' },
    reason: { argument: 'REASON', help: `one of ${RevocationReason.options.join(', ')}` },
    note: { argument: 'TEXT', help: 'why, for the audit log' },
    'dry-run': { help: 'only show what it would hit' },
    timeout: { argument: 'SECONDS', help: 'how long to wait for EFFECTIVE (default 30)' },
  },
  async run(context) {
    const selector = selectorOf(context);
    const reason = RevocationReason.safeParse(context.text('reason') ?? 'unspecified');
    if (!reason.success)
      throw new Failure('INVALID_INPUT', { field: '--reason', problem: `must be one of ${RevocationReason.options.join(', ')}` });
    const seconds = context.number('timeout', { min: 0, max: 3600, fallback: 30 });
    const station = context.start({ broker: true, line: 'off' });
    const hit = await station.call('revocations.preview', selector);
    if (hit.length === 0) throw new Failure('NOT_FOUND', { kind: 'certificate', id: Object.values(selector).join('') });
    if (context.flag('dry-run')) {
      context.output.result({ wouldRevoke: hit }, () =>
        table(
          ['SERIAL', 'DEVICE', 'STATUS'],
          hit.map((row) => [row.serial, row.device, row.status]),
        ),
      );
      return exitCodes.OK;
    }
    await context.openSession(station, { kind: 'crl-only', minutes: 10, reason: 'revoke on the command line' });
    const revoked = await station.call('revocations.revoke', { selector, reason: reason.data, note: context.text('note') ?? '' });
    const settled = await untilEffective(station, revoked, seconds * 1000);
    const effective = settled.every((one) => one.state === 'EFFECTIVE');
    context.output.result({ verdict: effective ? 'PASS' : 'FAIL', revocations: settled }, () =>
      table(
        ['SERIAL', 'DEVICE', 'STATE', 'CRL'],
        settled.map((one) => [one.serial, one.device, one.state, one.crlNumber === null ? '-' : `#${String(one.crlNumber)}`]),
      ),
    );
    return effective ? exitCodes.OK : exitCodes.BROKER;
  },
};

export const crl: Command = {
  name: 'crl',
  summary: 'show the revocation list, or build and publish a new one',
  options: { publish: { help: 'build, sign and publish a new CRL now' } },
  async run(context) {
    const station = context.start({ broker: true, line: 'off' });
    if (context.flag('publish')) {
      await context.openSession(station, { kind: 'crl-only', minutes: 10, reason: 'publish a CRL on the command line' });
      await station.call('crl.publish', {});
    }
    const history = await station.call('crl.history', {});
    context.output.result({ crl: history[0] ?? null, history }, () =>
      table(
        ['NUMBER', 'THIS UPDATE', 'NEXT UPDATE', 'ENTRIES', 'PUBLISHED'],
        history.map((one) => [`#${String(one.number)}`, one.thisUpdate, one.nextUpdate, String(one.entries), one.publishedAt ?? '-']),
      ),
    );
    return exitCodes.OK;
  },
};

function selectorOf(context: CommandContext): Selector {
  const [device, serial, fingerprint] = [
    context.text('device'),
    context.text('serial')?.toUpperCase().replaceAll(':', ''),
    context.text('fingerprint')?.toLowerCase().replaceAll(':', ''),
  ];
  const named = {
    ...(device === undefined ? {} : { device }),
    ...(serial === undefined ? {} : { serial }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
  };
  if (Object.keys(named).length !== 1)
    throw new Failure('INVALID_INPUT', { field: 'revoke', problem: 'name exactly one of --device, --serial, --fingerprint' });
  return named;
}

/** Follows revocations by their events until all are EFFECTIVE or `ms` have passed; returns how far each has come. */
export async function untilEffective(station: StationProcess, revoked: readonly RevocationView[], ms: number): Promise<RevocationView[]> {
  const state = new Map(revoked.map((one) => [one.serial, one]));
  const done = (): boolean => [...state.values()].every((one) => one.state === 'EFFECTIVE');
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
