import { exitCodes, Failure, limits } from '../../contract/index.ts';
import type { Command, CommandContext } from '../command.ts';
import { readBytes } from '../files.ts';
import { NewFiles } from '../new-files.ts';

export const serverCertificate: Command = {
  name: 'server-certificate',
  summary: 'a certificate for a broker, from the issuer of server certificates',
  options: {
    dns: { argument: 'NAME', multiple: true, help: 'host name of the broker; no wildcards' },
    ip: { argument: 'ADDRESS', multiple: true, help: 'IPv4 or IPv6 address of the broker' },
    csr: { argument: 'FILE', help: 'its certificate request, PEM or DER; only the key is taken from it' },
    'make-key': { argument: 'FILE', help: 'make the key, too, and write it here (PEM, 0600); it is kept nowhere else' },
    out: { argument: 'FILE', help: 'where the certificate and what is above it go, PEM' },
    days: { argument: 'N', help: 'validity (default and most: what the profile “server” says)' },
  },
  async run(context) {
    const csr = requestOf(context);
    const files = new NewFiles();
    context.atEnd(() => files.close());
    const out = context.text('out') ?? '';
    if (out === '') throw new Failure('INVALID_INPUT', { field: '--out', problem: 'is needed' });
    const keyFile = context.text('make-key');
    const validityDays =
      context.text('days') === undefined ? null : context.number('days', { ...limits.validityDays, fallback: limits.validityDays.default });
    const station = context.start({ broker: false, line: 'off' });
    // Before anything is signed: what was issued must not be lost for a file that cannot be written.
    files.open(out, 0o644);
    if (keyFile !== undefined) files.open(keyFile, 0o600);
    await context.openSession(station, {
      kind: 'issue',
      profiles: ['server'],
      quota: 1,
      minutes: 10,
      reason: 'server certificate on the command line',
    });
    const { pem, keyPem, ...issued } = await station.call('servers.issue', {
      dns: context.list('dns'),
      ips: context.list('ip'),
      csr,
      validityDays,
    });
    if (keyFile !== undefined) files.write(keyFile, keyPem ?? '');
    files.write(out, pem);
    context.output.result({ ...issued, out, key: keyFile ?? null }, () =>
      [
        `Serial ${issued.serial}, good until ${issued.notAfter}`,
        `for ${issued.hosts.join(', ')}`,
        `in ${out}${keyFile === undefined ? '' : `; its key in ${keyFile}`}`,
      ].join('\n'),
    );
    return exitCodes.OK;
  },
};

/** The request; null where the station is to make the key. INVALID_INPUT unless exactly one is asked for. */
export function requestOf(context: CommandContext): Buffer | null {
  const path = context.text('csr');
  if ((path === undefined) === (context.text('make-key') === undefined))
    throw new Failure('INVALID_INPUT', { field: '--csr', problem: 'name exactly one of --csr and --make-key' });
  if (path === undefined) return null;
  return readBytes(path);
}
