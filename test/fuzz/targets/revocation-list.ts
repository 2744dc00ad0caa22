import { readRevocationList } from '../../../src-main/station/revocation/list-file.ts';
import { mutateText } from '../mutate/text.ts';
import { Broken, refusedBy, type FuzzTarget } from '../target.ts';

/** CSV lists of what to revoke. */
export const revocationList: FuzzTarget = {
  name: 'revocation-list',
  seeds: () => [
    Buffer.from('device,reason\nacme/T2-1,keyCompromise\nacme/T2-2,\n'),
    Buffer.from('\uFEFFserial;note\r\n4F:A1:B2:C3;"lost; in the post"\r\n4FA1B2C4;\r\n'),
    Buffer.from(`fingerprint\tserial\n${'ab'.repeat(32)}\t\n\t4FA1B2C3\n`),
  ],
  mutate: mutateText(['device', 'serial', 'fingerprint', 'reason', 'keyCompromise', 'acme/T2-1', '"', '""', ';', ',', '\t', '4FA1']),
  feed: (input) =>
    refusedBy(
      /^LIST_INVALID$/u,
      () => readRevocationList(Buffer.from(input).toString('utf8')),
      (listed) => {
        if (listed.length === 0) throw new Broken('an empty list');
        for (const { line, device, serial, fingerprint } of listed) {
          const named = [device, serial, fingerprint].filter((one) => one !== undefined);
          if (named.length !== 1 || !(line >= 1)) throw new Broken(`line ${line} names ${named.join(', ')}`);
        }
        return `${listed.length} lines`;
      },
    ),
};
