import { der, DerReader, onlyElement } from '../../../src-main/der/index.ts';
import { missingFrom, readCrl, readIssuer } from '../../../src-main/station/ca/index.ts';
import { algorithmOfCa, ca, caSpki, caTbs, signed } from '../keys.ts';
import { mutateDer } from '../mutate/der.ts';
import { Broken, refusedBy, type FuzzTarget } from '../target.ts';
import { crlTbs } from './tbs-crl.ts';

const issuer = readIssuer(signed(caTbs(caSpki)));
const signedCrl = (tbs: Uint8Array): Buffer => der.sequence(tbs, algorithmOfCa, der.bitString(ca.sign(tbs)));
const before = readCrl(signedCrl(crlTbs(6, 3)));

/** Revocation lists on disk and on the broker: read back to be compared with what they shall be. */
export const crl: FuzzTarget = {
  name: 'crl',
  seeds: () => [signedCrl(crlTbs(7, 0)), signedCrl(crlTbs(7, 3)), signedCrl(crlTbs(8, 40))],
  mutate: (random, input, others) => {
    const changed = mutateDer(random, input, others);
    return random.chance(0.5) ? signedAgain(changed) : changed;
  },
  feed: (input) =>
    refusedBy(
      /^CRL_REJECTED$/u,
      () => {
        const list = readCrl(input);
        const good = list.signedBy(issuer);
        const count = [...list.entries()].length;
        const whole = missingFrom(before, list, () => false).length === 0;
        if (whole && count < 3) throw new Broken('a list that lost an entry may not replace the one before');
        return { good, whole, number: list.number };
      },
      ({ good, whole, number }) =>
        `read, ${good ? 'signed' : 'not signed'}, ${whole ? 'whole' : 'not whole'}, ${number > 6 ? 'newer' : 'older'}`,
    ),
};

function signedAgain(input: Uint8Array): Uint8Array {
  try {
    return signedCrl(new DerReader(onlyElement(input, 0x30).content).element().bytes);
  } catch {
    return input;
  }
}
