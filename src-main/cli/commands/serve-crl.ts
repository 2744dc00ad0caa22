import { exitCodes } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { address } from '../values.ts';

export async function serveCrl(context: CommandContext): Promise<number> {
  const listen = context.values.flag('off') ? null : address('--listen', context.values.text('listen') ?? '127.0.0.1:8089');
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
