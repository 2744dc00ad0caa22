import { randomUUID } from 'node:crypto';
import { sha256Hex } from '../../../src-main/der/index.ts';
import { readRequestFile, writeRequestFile } from '../../../src-main/station/revocation/request-file.ts';
import { certificateToPem } from '../../../src-main/station/ca/index.ts';
import { certificate } from '../../support/attestation.ts';
import { ca } from '../keys.ts';
import { mutateText } from '../mutate/text.ts';
import { Broken, refusedBy, type FuzzTarget } from '../target.ts';

const root = { subject: 'birthmark:station', privateKey: ca.privateKey };
const own = certificate({ subject: root.subject, key: ca.publicKey, issuer: root });
const identity = {
  keyPem: ca.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  certificatePem: certificateToPem(own),
};
const body = {
  id: randomUUID(),
  station: 'Line 1',
  operator: 'officer',
  requestedAt: '2026-11-25T12:00:00.000Z',
  fingerprint: sha256Hex(own),
  certificate: certificateToPem(own),
  reason: 'keyCompromise' as const,
  note: '',
};

/** What one station asks of another to revoke. Whatever is read says what was signed. */
export const requestFile: FuzzTarget = {
  name: 'request-file',
  seeds: () => [Buffer.from(writeRequestFile('birthmark-revocation-request', body, identity))],
  mutate: mutateText([
    '"body"',
    '"accepted": true',
    '"__proto__": {}',
    '{',
    '[',
    ',',
    '"note": "x"',
    '"sha256"',
    'birthmark-revocation-answer',
  ]),
  feed: (input) =>
    refusedBy(
      /^REQUEST_INVALID$/u,
      () => readRequestFile(Buffer.from(input).toString('utf8')),
      ({ file }) => {
        if (JSON.stringify(file.body) !== JSON.stringify(body)) throw new Broken('a body that nobody signed');
        return 'read';
      },
    ),
};
