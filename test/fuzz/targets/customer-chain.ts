import { der, DerReader, oids, onlyElement, tags } from '../../../src-main/der/index.ts';
import { certificatesFromFiles, checkChain } from '../../../src-main/station/ca/index.ts';
import { certificate, checkedAt } from '../../support/attestation.ts';
import { ca, caSpki, device, spkiOfPair } from '../keys.ts';
import { mutateDer } from '../mutate/der.ts';
import { Broken, refusedBy, type FuzzTarget } from '../target.ts';

const days = 365;
const ourSpki = spkiOfPair(device);
const root = { subject: 'Customer root', privateKey: ca.privateKey };
const rootDer = certificate({ subject: root.subject, key: ca.publicKey, issuer: root, ca: {} });
const subDer = certificate({ subject: 'Line 1', key: device.publicKey, issuer: root, ca: { pathLength: 0 } });

/** A degenerate SignedData (RFC 5652 5.1), as CAs hand out chains. */
const bundle = (...certificates: readonly Uint8Array[]): Buffer =>
  der.sequence(
    der.oid(oids.signedData),
    der.explicit(
      0,
      der.sequence(
        der.integer(1),
        der.tlv(tags.set),
        der.sequence(der.oid('1.2.840.113549.1.7.1')),
        der.explicit(0, Buffer.concat(certificates)),
      ),
    ),
  );

/** Signs the certificates of a bundle again: then only the rules can refuse them. What cannot be taken apart stays as it is. */
function signedAgain(input: Uint8Array): Uint8Array {
  try {
    const outer = new DerReader(onlyElement(input, tags.sequence).content);
    outer.element(tags.oid);
    const data = new DerReader(onlyElement(outer.element(0xa0).content, tags.sequence).content);
    for (const tag of [tags.integer, tags.set, tags.sequence]) data.element(tag);
    const list = new DerReader(data.element(0xa0).content);
    const found: Buffer[] = [];
    while (!list.done) {
      const fields = list.enter(tags.sequence);
      const [tbs, algorithm] = [fields.element(tags.sequence).bytes, fields.element(tags.sequence).bytes];
      found.push(der.sequence(tbs, algorithm, der.bitString(ca.sign(tbs))));
    }
    return bundle(...found);
  } catch {
    return input;
  }
}

/** What comes back from a customer's CA: our certificate and what is above it. */
export const customerChain: FuzzTarget = {
  name: 'customer-chain',
  seeds: () => [signedAgain(bundle(subDer, rootDer)), signedAgain(bundle(rootDer, subDer, rootDer)), subDer],
  mutate: (random, input, others) => {
    const changed = mutateDer(random, input, others);
    return random.chance(0.7) ? signedAgain(changed) : changed;
  },
  feed: (input) =>
    refusedBy(
      /^(INVALID_INPUT|ISSUER_REFUSED)$/u,
      () =>
        checkChain({
          certificates: certificatesFromFiles([input]),
          spki: ourSpki,
          purpose: 'clientAuth',
          names: [],
          now: checkedAt,
          days,
          roots: null,
        }),
      ({ certificate: own, chain, warnings }) => {
        const last = chain.at(-1);
        if (last === undefined) throw new Broken('a chain without a root');
        if (!own.includes(ourSpki) || !last.includes(caSpki)) throw new Broken('a chain of other keys than ours and the root’s');
        return `accepted, ${warnings.join(' ')}`;
      },
    ),
};
