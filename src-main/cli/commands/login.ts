import { exitCodes, Failure, limits, type CallOutput } from '../../contract/index.ts';
import type { Command, CommandContext } from '../command.ts';
import { table } from '../output.ts';
import { NewFiles } from '../new-files.ts';
import { requestOf } from './server-certificate.ts';

export const login: Command = {
  name: 'login',
  summary: 'passwords for devices that cannot do certificates, services on the broker, and what a tenant’s devices log in with',
  options: {
    listen: {
      argument: 'PORT|off',
      help: 'have a listener with TLS that takes passwords, from the next start on (at first there is none)',
    },
    device: { argument: 'TENANT/DEVICE', help: 'give this device a password, another one if it has one; it is printed once' },
    'device-profile': { argument: 'NAME', help: 'with --device: its device profile, which must say that its units cannot do certificates' },
    service: { argument: 'NAME', help: 'a client that is no device, e.g. ingest; sets what it may do' },
    read: { argument: 'FILTER', multiple: true, help: 'with --service: topics that it may read, e.g. tenant/acme/#' },
    write: { argument: 'FILTER', multiple: true, help: 'with --service: topics that it may write' },
    password: { help: 'with --service: give it a password; it is printed once' },
    out: { argument: 'FILE', help: 'with --service: a certificate for it, with what is above it, PEM' },
    csr: { argument: 'FILE', help: 'with --out: its request' },
    'make-key': { argument: 'FILE', help: 'with --out: make the key, too, and write it here' },
    remove: { argument: 'NAME', help: 'take a password, or a service (birthmark:NAME) with its certificates, away' },
    tenant: { argument: 'TENANT', help: 'with --mode: what its devices log in with' },
    mode: {
      argument: 'both|certificates|passwords',
      help: 'both: a certificate where there is one. passwords: until --hours are over, although there are certificates',
    },
    hours: { argument: 'N', help: `with --mode passwords: for how long (at most ${String(limits.rollbackHours)})` },
    reason: { argument: 'TEXT', help: 'with --mode: why, for the audit log' },
  },
  async run(context) {
    const [device, service, remove, tenant, listen] = ['device', 'service', 'remove', 'tenant', 'listen'].map((name) => context.text(name));
    if (listen !== undefined) return change(context, 'logins.listen', { port: portOf(listen, context) });
    if (remove !== undefined) return change(context, 'logins.remove', { username: remove });
    if (tenant !== undefined) return changeTenant(context, tenant);
    if (device !== undefined) return giveDevice(context, device);
    if (service !== undefined) return context.text('out') === undefined ? giveService(context, service) : certify(context, service);
    const station = context.start({ broker: false, line: 'off' });
    const all = await station.call('logins.list', {});
    context.output.result(all, () => inWords(all));
    return exitCodes.OK;
  },
};

async function change(
  context: CommandContext,
  ...[name, input]: ['logins.listen', { port: number | null }] | ['logins.remove', { username: string }]
): Promise<number> {
  const station = context.start({ broker: name === 'logins.remove', line: 'off' });
  await (name === 'logins.listen' ? station.call(name, input) : station.call(name, input));
  await station.call('publication.settle', {});
  context.output.result(input, () => (name === 'logins.listen' ? 'From the next start on.' : 'Taken away.'));
  return exitCodes.OK;
}

function portOf(text: string, context: CommandContext): number | null {
  return text === 'off' ? null : context.number('listen', { min: 1, max: 65_535, fallback: 0 });
}

async function changeTenant(context: CommandContext, tenant: string): Promise<number> {
  const mode = context.text('mode');
  if (mode !== 'both' && mode !== 'certificates' && mode !== 'passwords')
    throw new Failure('INVALID_INPUT', { field: '--mode', problem: 'must be both, certificates or passwords' });
  const hours = context.text('hours') === undefined ? null : context.number('hours', { min: 1, max: limits.rollbackHours, fallback: 1 });
  const station = context.start({ broker: true, line: 'off' });
  const changed = await station.call('logins.tenant', { tenant, mode, hours, reason: context.text('reason') ?? '' });
  await station.call('publication.settle', {});
  const until = changed.tenants.find((one) => one.tenant === tenant)?.until ?? null;
  context.output.result(changed, () => `${tenant}: ${mode}${until === null ? '' : ` until ${until}`}`);
  return exitCodes.OK;
}

async function giveDevice(context: CommandContext, device: string): Promise<number> {
  const station = context.start({ broker: true, line: 'off' });
  const given = await station.call('logins.device', { device, deviceProfile: context.text('device-profile') ?? '' });
  await station.call('publication.settle', {});
  context.output.result(given, () =>
    [
      `username  ${given.username}`,
      `password  ${given.password}`,
      `port      ${String(given.port)}, TLS`,
      `topics    ${given.topics}`,
      'The password is kept nowhere else.',
    ].join('\n'),
  );
  return exitCodes.OK;
}

async function giveService(context: CommandContext, name: string): Promise<number> {
  const station = context.start({ broker: true, line: 'off' });
  const password = context.flag('password');
  const given = await station.call('logins.service', { name, reads: context.list('read'), writes: context.list('write'), password });
  await station.call('publication.settle', {});
  context.output.result(given, () =>
    given.password === null
      ? `${given.username} may come with a certificate (--out).`
      : `username  ${given.login}\npassword  ${given.password}\nThe password is kept nowhere else.`,
  );
  return exitCodes.OK;
}

async function certify(context: CommandContext, name: string): Promise<number> {
  const csr = requestOf(context);
  const files = new NewFiles();
  context.atEnd(() => files.close());
  const out = context.text('out') ?? '';
  const keyFile = context.text('make-key');
  const station = context.start({ broker: false, line: 'off' });
  // Before anything is signed: what was issued must not be lost for a file that cannot be written.
  files.open(out, 0o644);
  if (keyFile !== undefined) files.open(keyFile, 0o600);
  await context.openSession(station, { kind: 'issue', profiles: ['service'], quota: 1, minutes: 10, reason: 'certificate of a service' });
  const { pem, keyPem, ...issued } = await station.call('logins.certificate', { name, csr });
  if (keyFile !== undefined) files.write(keyFile, keyPem ?? '');
  files.write(out, pem);
  context.output.result(
    { ...issued, out, key: keyFile ?? null },
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
