import { exitCodes, limits, type RotationView } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { NewFile, readBytes } from '../files.ts';
import { notInForce, whyPending } from '../in-force.ts';
import { printPages, type Column } from '../rows.ts';
import { serialOf } from './certificates.ts';
import { untilEffective } from './revocation.ts';

export async function beginRotation(context: CommandContext): Promise<number> {
  const { values } = context;
  const [device, endWhenSeen] = [values.word, values.flag('end-when-seen')];
  const graceHours = values.number('grace', { ...limits.graceHours, fallback: limits.graceHours.default });
  const csr = readBytes(values.needed('csr'));
  const statement = values.text('attestation');
  const attestation = statement === undefined ? null : readBytes(statement);
  const out = new NewFile(values.needed('out'), 0o644);
  context.atEnd(() => out.close());
  const station = context.start({ broker: true, line: 'off' });
  await context.openSession(station, { kind: 'issue', quota: 1, minutes: 10, reason: 'rotate on the command line' });
  const override = values.text('override') ?? null;
  const { pem, ...rotated } = await station.call('rotation.begin', { device, csr, attestation, graceHours, endWhenSeen, override });
  out.fill(pem);
  const pending = await notInForce(station);
  context.output.result(
    { ...rotated, out: out.path },
    () =>
      `${device}: serial ${rotated.serial} in ${out.path}\nThe old one, ${rotated.replaces}, stays good until ${endWhenSeen ? 'the new one is seen, at most until ' : ''}${rotated.graceUntil}.`,
  );
  return context.output.promised(pending);
}

const columns: readonly Column<RotationView>[] = [
  { title: 'DEVICE', of: (row) => row.device },
  { title: 'OLD', of: (row) => row.serial },
  { title: 'NEW', of: (row) => row.successor },
  { title: 'GOOD UNTIL', of: (row) => `${row.graceUntil}${row.endsWhenSeen ? ' or seen' : ''}` },
  { title: 'NEW ONE SEEN', of: (row) => row.seenAt ?? 'not yet' },
];

export async function listRotations(context: CommandContext): Promise<number> {
  const station = context.start({ broker: false, line: 'off' });
  await printPages(context, columns, (page) => station.call('rotation.list', page));
  return exitCodes.OK;
}

export async function endRotation(context: CommandContext): Promise<number> {
  const serial = serialOf(context.values.word);
  const station = context.start({ broker: true, line: 'off' });
  await context.openSession(station, { kind: 'crl-only', minutes: 10, reason: 'end a grace period on the command line' });
  await station.call('rotation.end', { serial });
  const { rows } = await station.call('revocations.list', { search: serial });
  const [settled] = await untilEffective(station, rows, 30_000);
  context.output.result({ revocation: settled ?? null }, () => `${serial} is revoked: ${settled?.state ?? 'RECORDED'}`);
  return context.output.promised(settled?.state === 'EFFECTIVE' ? null : await whyPending(station));
}
