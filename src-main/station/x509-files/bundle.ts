import forge from 'node-forge';
import { DerError, oids } from '../../der/index.ts';
import { bytesIn, childrenOf, oidOf, parse } from './tree.ts';

/**
 * The certificates of a PKCS#7 SignedData without signatures (RFC 5652 5.1), as CAs hand out chains; null for something else than a
 * ContentInfo. Indefinite lengths are read, as Windows and Java write them. DerError when it is damaged.
 */
export function certificatesOfBundle(file: Uint8Array): Buffer[] | null {
  const [type, wrapped] = childrenOf(parse(file));
  if (type === undefined || type.type !== forge.asn1.Type.OID || type.tagClass !== forge.asn1.Class.UNIVERSAL) return null;
  if (oidOf(type) !== oids.signedData) throw new DerError('it is a bundle of another kind than PKCS#7 SignedData');
  const [signedData] = wrapped === undefined ? [] : childrenOf(wrapped);
  if (signedData === undefined) throw new DerError('a SignedData without content');
  const [, , , ...rest] = childrenOf(signedData);
  const list = rest.find(({ tagClass, type: tag }) => tagClass === forge.asn1.Class.CONTEXT_SPECIFIC && Number(tag) === 0);
  if (list === undefined) return [];
  return childrenOf(list).map(bytesIn);
}
