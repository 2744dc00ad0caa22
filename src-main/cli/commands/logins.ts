import { exitCodes, limits, unwrap, type CallOutput } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { notInForce } from '../in-force.ts';
import { table } from '../output.ts';
import { oneOf, wholeNumber } from '../values.ts';
import { issuedFiles, requestOf } from './server-certificate.ts';

export async function listLogins(context: CommandContext): Promise<number> {
  const all = await context.start({ broker: false, line: 'off' }).call('logins.list', {});
  context.output.result(all, () => inWords(all));
  return exitCodes.OK;
}

export async function listen(context: CommandContext): Promise<number> {
  const { word } = context.values;
  const port = word.toLowerCase() === 'off' ? null : wholeNumber('PORT|off', word, { min: 1, max: 65_535 });
  await context.start({ broker: false, line: 'off' }).call('logins.listen', { port });
  context.output.result({ port }, () => 'From the next start on.');
  return exitCodes.OK;
}

export async function remove(context: CommandContext): Promise<number> {
  const username = context.values.word;
  const station = context.start({ broker: true, line: 'off' });
  await station.call('logins.remove', { username });
  const pending = await notInForce(station, username);
  context.output.result({ username }, () => (pending === null ? 'Taken away.' : 'PENDING: recorded, and the broker still takes it.'));
  return context.output.promised(pending);
}

const modes = ['both', 'certificates', 'passwords'] as const;

export async function setTenant(context: CommandContext): Promise<number> {
  const { values } = context;
  const tenant = values.word;
  const mode = unwrap(oneOf(values, 'mode', modes).mode, 'the table requires it');
  const hours = values.has('hours') ? values.number('hours', { min: 1, max: limits.rollbackHours, fallback: 1 }) : null;
  const station = context.start({ broker: true, line: 'off' });
  const changed = await station.call('logins.tenant', { tenant, mode, hours, reason: values.text('reason') ?? '' });
  const pending = await notInForce(station);
  const until = changed.tenants.find((one) => one.tenant === tenant)?.until ?? null;
  const ending = until === null ? '' : ` until ${until}`;
  context.output.result(changed, () => `${pending === null ? '' : 'PENDING: '}${tenant}: ${mode}${ending}`);
  return context.output.promised(pending);
}

export async function addDevice(context: CommandContext): Promise<number> {
  const { values } = context;
  const station = context.start({ broker: true, line: 'off' });
  const given = await station.call('logins.device', { device: values.word, deviceProfile: values.needed('device-profile') });
  const pending = await notInForce(station);
  context.output.result(given, () =>
    [
      `username  ${given.username}`,
      `password  ${given.password}`,
      `port      ${String(given.port)}, TLS`,
      `topics    ${given.topics}`,
      'The password is kept nowhere else.',
    ].join('\n'),
  );
  return context.output.promised(pending);
}

export async function addService(context: CommandContext): Promise<number> {
  const { values } = context;
  const station = context.start({ broker: true, line: 'off' });
  const given = await station.call('logins.service', {
    name: values.word,
    reads: [...values.list('read')],
    writes: [...values.list('write')],
    password: values.flag('password'),
  });
  const pending = await notInForce(station);
  context.output.result(given, () =>
    given.password === null
      ? `${given.username} may come with a certificate (birthmark logins certify).`
      : `username  ${given.login}\npassword  ${given.password}\nThe password is kept nowhere else.`,
  );
  return context.output.promised(pending);
}

export async function certify(context: CommandContext): Promise<number> {
  const csr = requestOf(context);
  const [out, key] = [context.values.needed('out'), context.values.text('make-key') ?? null];
  const station = context.start({ broker: false, line: 'off' });
  const files = issuedFiles(context);
  await context.openSession(station, { kind: 'issue', profiles: ['service'], quota: 1, minutes: 10, reason: 'certificate of a service' });
  const { pem, keyPem, ...issued } = await station.call('logins.certificate', { name: context.values.word, csr });
  files.fill(pem, keyPem);
  context.output.result(
    { ...issued, out, key },
    () => `${issued.username}: serial ${issued.serial}, good until ${issued.notAfter}, in ${out}`,
  );
  return exitCodes.OK;
}

const refusals = {
  'no-password': 'certificate only',
  'not-approved': 'no: the device is not approved',
  tenant: 'no: its tenant uses certificates only',
  revoked: 'no: its certificate was revoked',
  certificate: 'no: it has a certificate',
} as const;

function inWords({ passwordPort, rows, tenants }: CallOutput<'logins.list'>): string {
  const listener = passwordPort === null ? 'No listener takes passwords.' : `Passwords are taken on port ${String(passwordPort)}.`;
  const names = table(
    ['NAME', 'KIND', 'PASSWORD TAKEN', 'READS', 'WRITES', 'SET BY', 'AT'],
    rows.map((row) => [
      row.username,
      row.kind,
      row.refusal === null ? 'yes' : refusals[row.refusal],
      row.reads.join(' '),
      row.writes.join(' '),
      row.setBy,
      row.setAt,
    ]),
  );
  const switched = table(
    ['TENANT', 'LOGS IN WITH', 'UNTIL', 'REASON', 'SET BY'],
    tenants.map((one) => [one.tenant, one.mode, one.until ?? '', one.reason, one.setBy]),
  );
  return [listener, ...(rows.length === 0 ? [] : [names]), ...(tenants.length === 0 ? [] : [switched])].join('\n\n');
}
