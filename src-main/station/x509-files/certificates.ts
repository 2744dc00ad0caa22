import { DerError, DerReader, tags } from '../../der/index.ts';
import { certificatesOfBundle } from './bundle.ts';
import { isDer, pemBlocks, pemContent, X509FileError } from './pem.ts';

/**
 * Every certificate of a file, DER, in the order in which they stand there: PEM with whatever tools write around it, DER, or a PKCS#7 bundle in
 * either, as CAs hand out chains. X509FileError when one is damaged; whether it is a certificate is not asked.
 */
export function certificatesIn(file: Uint8Array | string): Buffer[] {
  try {
    if (typeof file !== 'string' && isDer(file)) return fromDer(file);
    return pemBlocks(file).flatMap((block) => {
      switch (block.label) {
        case 'CERTIFICATE':
        case 'TRUSTED CERTIFICATE':
          return [firstElement(pemContent(block))];
        case 'PKCS7':
          return fromDer(pemContent(block));
        default:
          return [];
      }
    });
  } catch (error) {
    throw error instanceof DerError ? new X509FileError(`it is damaged: ${error.message}`, { cause: error }) : error;
  }
}

/** openssl writes trust settings after a TRUSTED CERTIFICATE: they are not part of it. */
const firstElement = (der: Buffer): Buffer => Buffer.from(new DerReader(der).element(tags.sequence).bytes);

const fromDer = (der: Uint8Array): Buffer[] => certificatesOfBundle(der) ?? [Buffer.from(der)];
