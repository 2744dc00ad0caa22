import { exitCodes, Failure, limits } from '../../contract/index.ts';
import type { Command, CommandContext } from '../command.ts';
import { readBytes, writeGivenFile } from '../files.ts';
import { table } from '../output.ts';
import { page, paging } from './look.ts';
import { untilEffective } from './revocation.ts';

export const rotate: Command = {
  name: 'rotate',
  summary: 'a new certificate for a device in the field, from its request; both are good for a grace period',
  options: {
    device: { argument: 'TENANT/DEVICE', help: 'the device' },
    csr: { argument: 'FILE', help: 'its certificate request, PEM or DER, signed with its new key' },
    attestation: {
      argument: 'FILE',
      help: 'what the device says about where the new key was made: answer of AT%KEYGEN, COSE_Sign1, or a chain of certificates',
    },
    out: { argument: 'FILE', help: 'where the new certificate and its chain go, PEM' },
    grace: { argument: 'HOURS', help: `how long the old certificate stays good, 1 to 720 (default ${String(limits.graceHours.default)})` },
    'end-when-seen': { help: 'end the grace period early, as soon as the device proves that it uses the new one' },
    override: { argument: 'REASON', help: `renew earlier than ${String(limits.renewalWindowDays)} days before the end, and why` },
    end: { argument: 'SERIAL', help: 'end the grace period of this old certificate now: the new one has been seen' },
  },
  async run(context) {
    const end = context.text('end');
    if (end !== undefined) return endNow(context, end.toUpperCase().replaceAll(':', ''));
    const device = needed(context, 'device');
    const out = needed(context, 'out');
    const request = needed(context, 'csr');
    const graceHours = context.number('grace', { ...limits.graceHours, fallback: limits.graceHours.default });
    const station = context.start({ broker: true, line: 'off' });
    const csr = readBytes(request);
    const statement = context.text('attestation');
    const attestation = statement === undefined ? null : readBytes(statement);
    await context.openSession(station, { kind: 'issue', quota: 1, minutes: 10, reason: 'rotate on the command line' });
    const { pem, ...rotated } = await station.call('rotation.begin', {
      device,
      csr,
      attestation,
      graceHours,
      endWhenSeen: context.flag('end-when-seen'),
      override: context.text('override') ?? null,
    });
    writeGivenFile(out, pem);
    await station.call('publication.settle', {});
    context.output.result(
      { ...rotated, out },
      () =>
        `${device}: serial ${rotated.serial} in ${out}\nThe old one, ${rotated.replaces}, stays good until ${context.flag('end-when-seen') ? 'the new one is seen, at most until ' : ''}${rotated.graceUntil}.`,
    );
    return exitCodes.OK;
  },
};

export const rotations: Command = {
  name: 'rotations',
  summary: 'devices that have two certificates, and until when',
  options: { limit: paging.limit, offset: paging.offset },
  async run(context) {
    const { limit, offset } = page(context);
    const station = context.start({ broker: false, line: 'off' });
    const found = await station.call('rotation.list', { limit, offset });
    context.output.result(found, () =>
      table(
        ['DEVICE', 'OLD', 'NEW', 'GOOD UNTIL', 'NEW ONE SEEN'],
        found.rows.map((row) => [
          row.device,
          row.serial,
          row.successor,
          `${row.graceUntil}${row.endsWhenSeen ? ' or seen' : ''}`,
          row.seenAt ?? 'not yet',
        ]),
      ),
    );
    return exitCodes.OK;
  },
};

async function endNow(context: CommandContext, serial: string): Promise<number> {
  const station = context.start({ broker: true, line: 'off' });
  await context.openSession(station, { kind: 'crl-only', minutes: 10, reason: 'end a grace period on the command line' });
  await station.call('rotation.end', { serial });
  const { rows } = await station.call('revocations.list', { search: serial });
  const [settled] = await untilEffective(station, rows, 30_000);
  context.output.result({ revocation: settled ?? null }, () => `${serial} is revoked: ${settled?.state ?? 'RECORDED'}`);
  return settled?.state === 'EFFECTIVE' ? exitCodes.OK : exitCodes.BROKER;
}

function needed(context: CommandContext, name: string): string {
  const value = context.text(name);
  if (value === undefined || value === '') throw new Failure('INVALID_INPUT', { field: `--${name}`, problem: 'is needed' });
  return value;
}
