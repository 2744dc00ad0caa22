import { TestCrls } from './crl-scope.ts';
import { writeCrl, readIssuer, type CrlEntry } from '../../src-main/station/ca/index.ts';
import { unwrap } from '../../src-main/contract/index.ts';
import { sign } from 'node:crypto';

/** Writes a CRL of some size to a path, in a process that may be killed: `crl-child.ts PATH ENTRIES`. */
const [path = '', count = '0'] = process.argv.slice(2);
const here = new TestCrls();
const issuer = readIssuer(unwrap(here.registry.issuers.get(here.issuer), 'the issuer was added').certificate);
const pieces: Buffer[] = [];
const entries = Array.from({ length: Number(count) }, (_, index): CrlEntry => {
  const serial = `7F${index.toString(16).toUpperCase().padStart(38, '0')}`;
  return { serial, revokedAt: '2026-05-01T00:00:00.000Z', reason: 'superseded' };
});
process.stdout.write('ready\n');
try {
  await writeCrl({
    issuer,
    number: 2,
    thisUpdate: here.clock.now(),
    nextUpdate: here.clock.now() + 86_400_000,
    uri: null,
    entries: () => entries,
    path,
    sign: {
      begin: () => Promise.resolve(),
      append: (chunk) => Promise.resolve(void pieces.push(Buffer.from(chunk))),
      finish: () => Promise.resolve(sign('sha256', Buffer.concat(pieces), here.pair.privateKey)),
    },
  });
} finally {
  here.dispose();
}
