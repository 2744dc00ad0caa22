import { exitCodes, Failure } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';

export async function serveCrl(context: CommandContext): Promise<number> {
  const listen = context.values.flag('off') ? null : address(context.values.text('listen') ?? '127.0.0.1:8089');
  const station = context.start({ broker: true, line: 'off' });
  const serving = await station.call('crl.serve', { listen });
  if (serving.listen === null) {
    context.output.result(serving, () => 'Revocation lists are not served any more.');
    return exitCodes.OK;
  }
  const { host, port } = serving.listen;
  context.output.note(`Serving http://${host}:${String(port)}/crl/ISSUER/PARTITION.crl (.pem) and /ca/ISSUER.crt (.pem). Ctrl-C ends it.`);
  return new Promise<number>(() => undefined);
}

function address(text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9A-Fa-f:]+)\]|([A-Za-z0-9.-]+)):(\d{1,5})$/u.exec(text);
  if (match === null || Number(match[3]) > 65535)
    throw new Failure('INVALID_INPUT', { field: '--listen', problem: `"${text}" is not HOST:PORT` });
  return { host: match[1] ?? match[2] ?? '', port: Number(match[3]) };
}
