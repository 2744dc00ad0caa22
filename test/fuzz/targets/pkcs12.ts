import { readPkcs12 } from '../../../src-main/station/x509-files/index.ts';
import { pkcs12 } from '../../../src-main/station/delivery/pkcs12.ts';
import { certificate } from '../../support/attestation.ts';
import { ca, device } from '../keys.ts';
import { mutateDer } from '../mutate/der.ts';
import { refusedBy, type FuzzTarget } from '../target.ts';

const passphrase = 'correct horse battery staple';

/** Identities that support gets as a file. Most changes break the MAC; the readers behind it are reached by the structure before it. */
export const pkcs12File: FuzzTarget = {
  name: 'pkcs12',
  rounds: 60,
  seeds: async () => [
    await pkcs12(
      {
        pkcs8: device.privateKey.export({ type: 'pkcs8', format: 'der' }),
        certificates: [certificate({ subject: 'd', key: device.publicKey, issuer: { subject: 'Root', privateKey: ca.privateKey } })],
        friendlyName: 'acme/d',
      },
      passphrase,
    ),
  ],
  mutate: mutateDer,
  feed: (input) =>
    refusedBy(
      /^INVALID_INPUT$/u,
      () => readPkcs12(input, passphrase),
      ({ certificates }) => `${certificates.length} certificates`,
    ),
};
