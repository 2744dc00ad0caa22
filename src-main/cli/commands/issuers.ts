import { exitCodes } from '../../contract/index.ts';
import type { Command } from '../command.ts';
import { readBytes } from '../files.ts';
import { table } from '../output.ts';

export const issuers: Command = {
  name: 'issuers',
  summary: 'the CAs of the station: which signs, which retires; revocation lists of the customer’s CAs above them',
  options: {
    'root-crl': { argument: 'FILE', multiple: true, help: 'keep the newest revocation list of a customer’s CA (PEM or DER)' },
  },
  async run(context) {
    const station = context.start({ broker: false, line: 'off' });
    for (const path of context.list('root-crl')) await station.call('issuers.importCrl', { file: readBytes(path).toString('base64') });
    const found = await station.call('issuers.list', {});
    context.output.result(found, () => {
      const cas = table(
        ['ID', 'KIND', 'STATE', 'SUBJECT', 'KEY', 'UNTIL', 'ACTIVE', 'BELOW'],
        found.issuers.map((one) => [
          one.id,
          one.kind,
          one.state,
          one.subject,
          one.algorithm,
          one.notAfter.slice(0, 10),
          String(one.active),
          one.above.join(' < ') || (one.kind === 'root' ? 'itself' : 'the station’s root'),
        ]),
      );
      if (found.rootCrls.length === 0) return cas;
      const lists = table(
        ['LIST OF', 'NUMBER', 'UNTIL', 'ENTRIES', 'NAMES'],
        found.rootCrls.map((one) => [
          one.subject,
          one.number ?? '',
          one.nextUpdate ?? 'no list',
          String(one.entries),
          one.revoked.join(' ') || 'no issuer of this station',
        ]),
      );
      return `${cas}\n\n${lists}`;
    });
    return exitCodes.OK;
  },
};
