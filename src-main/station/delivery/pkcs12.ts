import { createCipheriv, createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { der, oids, tags } from '../../der/index.ts';
import { bmp, macKey } from './pkcs12-kdf.ts';

const derive = promisify(pbkdf2);

/** Both ways to try a passphrase cost the same: the key of the content, and the MAC over it. */
const rounds = 100_000;

export interface Pkcs12Content {
  /** PrivateKeyInfo, DER; read once, not kept. */
  readonly pkcs8: Uint8Array;
  /** DER, the device's own first. */
  readonly certificates: readonly Uint8Array[];
  /** What programs call the key. */
  readonly friendlyName: string;
}

/**
 * A PKCS#12 file (RFC 7292): PBES2 with AES-256-CBC and PBKDF2-HMAC-SHA256 for key and certificates, HMAC-SHA256 for integrity. OpenSSL
 * from 1.1, GnuTLS, Java from 8u301, Windows from 10 1709 and macOS from 15 read it.
 */
export async function pkcs12({ pkcs8, certificates, friendlyName }: Pkcs12Content, passphrase: string): Promise<Buffer> {
  const [leaf = Buffer.alloc(0)] = certificates;
  const keyId = attribute(oids.localKeyId, der.octetString(createHash('sha1').update(leaf).digest()));
  const named = der.tlv(tags.set, ...sorted([attribute(oids.friendlyName, der.tlv(bmpString, bmp(friendlyName))), keyId]));
  const [keyAlgorithm, keyText] = await seal(pkcs8, passphrase);
  const key = der.sequence(der.oid(oids.pkcs8ShroudedKeyBag), der.explicit(0, der.sequence(keyAlgorithm, der.octetString(keyText))), named);
  const bags = certificates.map((certificate, index) =>
    der.sequence(
      der.oid(oids.certBag),
      der.explicit(0, der.sequence(der.oid(oids.x509Certificate), der.explicit(0, der.octetString(certificate)))),
      ...(index === 0 ? [named] : []),
    ),
  );
  const [algorithm, text] = await seal(der.sequence(...bags), passphrase);
  const sealedCertificates = der.sequence(
    der.oid(oids.encryptedData),
    der.explicit(0, der.sequence(der.integer(0), der.sequence(der.oid(oids.data), algorithm, der.implicit(0, text)))),
  );
  const safe = der.sequence(sealedCertificates, dataContent(der.sequence(key)));
  return der.sequence(der.integer(3), dataContent(safe), await mac(safe, passphrase));
}

const bmpString = 0x1e;
const sha256Algorithm = der.sequence(der.oid(oids.sha256), der.nothing);

const dataContent = (bytes: Uint8Array): Buffer => der.sequence(der.oid(oids.data), der.explicit(0, der.octetString(bytes)));
const attribute = (type: string, value: Uint8Array): Buffer => der.sequence(der.oid(type), der.tlv(tags.set, value));
/** X.690 11.6: a SET OF is in the order of its encodings. */
const sorted = (parts: readonly Buffer[]): Buffer[] => [...parts].sort((a, b) => Buffer.compare(a, b));

/** PBES2 (RFC 8018 6.2): the AlgorithmIdentifier, and the ciphertext. */
async function seal(bytes: Uint8Array, passphrase: string): Promise<[algorithm: Buffer, text: Buffer]> {
  const [salt, iv] = [randomBytes(16), randomBytes(16)];
  const key = await derive(passphrase, salt, rounds, 32, 'sha256');
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const text = Buffer.concat([cipher.update(bytes), cipher.final()]);
  key.fill(0);
  const kdf = der.sequence(
    der.oid(oids.pbkdf2),
    der.sequence(der.octetString(salt), der.integer(rounds), der.sequence(der.oid(oids.hmacWithSha256), der.nothing)),
  );
  const scheme = der.sequence(der.oid(oids.aes256Cbc), der.octetString(iv));
  return [der.sequence(der.oid(oids.pbes2), der.sequence(kdf, scheme)), text];
}

async function mac(safe: Uint8Array, passphrase: string): Promise<Buffer> {
  const salt = randomBytes(16);
  const key = await macKey(passphrase, salt, rounds);
  const digest = createHmac('sha256', key).update(safe).digest();
  key.fill(0);
  return der.sequence(der.sequence(sha256Algorithm, der.octetString(digest)), der.octetString(salt), der.integer(rounds));
}
