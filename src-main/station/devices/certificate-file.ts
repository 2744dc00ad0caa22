import { z } from 'zod';
import { Failure } from '../../contract/index.ts';
import { pemBytes } from '../../der/index.ts';

/** How a unit keeps certificates in files: fields of every profile of such units. */
export const certificateFileFields = {
  format: z.enum(['pem', 'der']).default('pem').describe('Of key and certificates. A file in DER holds one certificate, never a chain'),
  issuers: z
    .boolean()
    .default(true)
    .describe('The unit’s certificate is followed by its issuers. With format der it must be false: the broker must know the issuers then'),
} as const;

export interface CertificateFiles {
  readonly format: 'pem' | 'der';
  readonly issuers: boolean;
}

/** What readers make of certificates that follow each other in DER: Mbed TLS takes the first, tells success, and passes over the rest. */
export const chainInDer = {
  path: ['format'],
  message: 'a chain is lost in DER, where the unit reads its first certificate alone: use pem, or say "issuers": false',
};
export const canHoldChain = ({ format, issuers }: CertificateFiles): boolean => format === 'pem' || !issuers;

/** The unit’s certificate, with its issuers where its file can hold them. */
export const chainOf = (chain: readonly Uint8Array[], { issuers }: CertificateFiles): readonly Uint8Array[] =>
  issuers ? chain : chain.slice(0, 1);

/** A file with certificates. @throws Failure PROFILE_INVALID for more than one in DER. */
export function certificateFile(profile: string, what: string, ders: readonly Uint8Array[], format: 'pem' | 'der'): Buffer {
  if (format === 'pem') return Buffer.concat(ders.map((der) => pemBytes('CERTIFICATE', der)));
  oneInDer(profile, what, ders.length);
  return Buffer.concat(ders);
}

/** @throws Failure PROFILE_INVALID for more than one. */
export function oneInDer(profile: string, what: string, certificates: number): void {
  if (certificates > 1)
    throw new Failure('PROFILE_INVALID', {
      file: profile,
      line: 1,
      problem: `there are ${String(certificates)} certificates to store as ${what}, and a file in DER holds one: use pem`,
    });
}
