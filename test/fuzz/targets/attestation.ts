import { checkAttestation, checkCsr } from '../../../src-main/station/ca/index.ts';
import { anchorPem, checkedAt, chip, coseSign1, nordicCose, x5chain } from '../../support/attestation.ts';
import { makeCsr } from '../../support/csr.ts';
import { ca } from '../keys.ts';
import { mutateBytes } from '../mutate/bytes.ts';
import { mutateDer } from '../mutate/der.ts';
import { Broken, refusedBy, type FuzzTarget } from '../target.ts';

const made = chip();
const csr = makeCsr(made.device);
const request = { csr, spki: checkCsr(csr, { keyAlgorithms: ['ec-p256'] }).spki };
const profile = { name: 'x', attestation: { required: true, trustAnchors: [anchorPem(ca.publicKey), made.root.pem] } };
const certificates = [made.device.der, made.signer.der];
const statement = nordicCose({ csr, key: ca.privateKey });
/** Payload and signature, without the tag and the unsigned header. */
const signedPart = statement.subarray(12);
const formats = ['nordic-cose', 'certificates'] as const;

/** What devices say of where their key was made: COSE of a modem, certificates of a secure element, alone and in a COSE. */
export const attestation: FuzzTarget = {
  name: 'attestation',
  seeds: () => [
    statement,
    coseSign1({
      header: Buffer.from('a10126', 'hex'),
      unprotected: x5chain(certificates),
      payload: null,
      detached: csr,
      key: made.device.privateKey,
    }),
    Buffer.concat(certificates),
  ],
  mutate: (random, input, others) => (input[0] === 0x30 ? mutateDer : mutateBytes)(random, input, others),
  feed: (input) =>
    formats
      .map((format) =>
        refusedBy(
          /^ATTESTATION_REFUSED$/u,
          () => checkAttestation(profile, { format, bytes: input }, request, checkedAt),
          (proven) => {
            if (proven === null) return 'nothing';
            // Behind the CA that the profile names nothing is asked, and an unsigned header may go: what was signed may not.
            const bytes = Buffer.from(input);
            if (!bytes.includes(made.device.der) && !bytes.includes(signedPart)) throw new Broken('something is proven that nobody signed');
            return 'proven';
          },
        ),
      )
      .join(' · '),
};
