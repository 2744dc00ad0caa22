import { exitCodes, Failure, limits } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { NewFile, readBytes } from '../files.ts';

export async function issueServer(context: CommandContext): Promise<number> {
  const csr = requestOf(context);
  const [out, keyFile] = [context.values.needed('out'), context.values.text('make-key')];
  const validityDays =
    context.values.text('days') === undefined
      ? null
      : context.values.number('days', { ...limits.validityDays, fallback: limits.validityDays.default });
  const station = context.start({ broker: false, line: 'off' });
  const files = issuedFiles(context);
  await context.openSession(station, {
    kind: 'issue',
    profiles: ['server'],
    quota: 1,
    minutes: 10,
    reason: 'server certificate on the command line',
  });
  const { pem, keyPem, ...issued } = await station.call('servers.issue', {
    dns: [...context.values.list('dns')],
    ips: [...context.values.list('ip')],
    csr,
    validityDays,
  });
  files.fill(pem, keyPem);
  context.output.result({ ...issued, out, key: keyFile ?? null }, () =>
    [
      `Serial ${issued.serial}, good until ${issued.notAfter}`,
      `for ${issued.hosts.join(', ')}`,
      `in ${out}${keyFile === undefined ? '' : `; its key in ${keyFile}`}`,
    ].join('\n'),
  );
  return exitCodes.OK;
}

/** The request; null where the station is to make the key. INVALID_INPUT unless exactly one is asked for. */
export function requestOf(context: CommandContext): Buffer | null {
  const path = context.values.text('csr');
  if ((path === undefined) === (context.values.text('make-key') === undefined))
    throw new Failure('INVALID_INPUT', { field: '--csr', problem: 'name exactly one of --csr and --make-key' });
  if (path === undefined) return null;
  return readBytes(path);
}

/** The files for a certificate and for a new key, taken before anything is signed. */
export function issuedFiles(context: CommandContext): { fill(pem: string, keyPem: string | null): void } {
  const certificate = new NewFile(context.values.needed('out'), 0o644);
  context.atEnd(() => certificate.close());
  const keyFile = context.values.text('make-key');
  const key = keyFile === undefined ? null : new NewFile(keyFile, 0o600);
  if (key !== null) context.atEnd(() => key.close());
  return {
    fill: (pem, keyPem) => {
      key?.fill(keyPem ?? '');
      certificate.fill(pem);
    },
  };
}
