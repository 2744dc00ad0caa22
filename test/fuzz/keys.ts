import { generateKeyPairSync } from 'node:crypto';
import {
  der,
  keyIdentifier,
  keyUsageBits,
  name,
  oids,
  readPublicKeyInfo,
  sha256Hex,
  signatureAlgorithm,
  spkiOf,
  time,
} from '../../src-main/der/index.ts';

/** What the targets share: a moment, a CA, and a device's key. */
export const now = Date.UTC(2026, 10, 25, 12, 0, 0);
export const day = 86_400_000;
export const ca = generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const device = generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const rsaDevice = generateKeyPairSync('rsa', { modulusLength: 2048 });

export const keyIdOf = (spki: Uint8Array): Buffer => keyIdentifier(readPublicKeyInfo(spki).bits);
export const caSpki = spkiOf(ca.publicKey);
export const caName = name({ organization: 'Acme', commonName: 'Acme issuer 1' });
export const authority = { subject: caName, notBefore: now - 100 * day, notAfter: now + 2000 * day, pathLength: 0 };
export const caKey = { algorithm: 'ec-p256', spki: caSpki, keyId: keyIdOf(caSpki), authority } as const;
export const caRef = { ckaId: '01', spkiSha256: sha256Hex(caSpki) };
export const algorithmOfCa = signatureAlgorithm('ec-p256');

export const extension = (id: string, critical: boolean, value: Uint8Array): Buffer =>
  der.sequence(der.oid(id), ...(critical ? [der.boolean(true)] : []), der.octetString(value));

/** A device's tbsCertificate that the rules allow. */
export function leafTbs(spki: Uint8Array, commonName = 'acme/T2-000131', notAfter = now + 365 * day): Buffer {
  const list = [
    extension(oids.basicConstraints, true, der.sequence()),
    extension(oids.keyUsage, true, der.namedBits([keyUsageBits.digitalSignature])),
    extension(oids.extendedKeyUsage, false, der.sequence(der.oid(oids.clientAuth))),
    extension(oids.subjectKeyIdentifier, false, der.octetString(keyIdOf(spki))),
    extension(oids.authorityKeyIdentifier, false, der.sequence(der.implicit(0, caKey.keyId))),
  ];
  return tbs(spki, name({ organization: 'Acme', commonName }), notAfter, list);
}

/** An issuing CA's tbsCertificate, to splice parts from. */
export function caTbs(spki: Uint8Array): Buffer {
  const list = [
    extension(oids.basicConstraints, true, der.sequence(der.boolean(true), der.integer(0))),
    extension(oids.keyUsage, true, der.namedBits([keyUsageBits.keyCertSign, keyUsageBits.cRLSign])),
    extension(oids.subjectKeyIdentifier, false, der.octetString(keyIdOf(spki))),
    extension(oids.authorityKeyIdentifier, false, der.sequence(der.implicit(0, caKey.keyId))),
  ];
  return tbs(spki, caName, authority.notAfter, list);
}

function tbs(spki: Uint8Array, subject: Uint8Array, notAfter: number, list: readonly Buffer[]): Buffer {
  const serial = der.unsignedInteger(Buffer.from('4fa1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3', 'hex'));
  const validity = der.sequence(time(now - 600_000), time(notAfter));
  const extensions = der.explicit(3, der.sequence(...list));
  return der.sequence(der.explicit(0, der.integer(2)), serial, algorithmOfCa, caName, validity, subject, spki, extensions);
}

/** Wraps what was to be signed, with a signature that is only well-formed. */
export const signed = (tbsBytes: Uint8Array): Buffer => der.sequence(tbsBytes, algorithmOfCa, der.bitString(wellFormed));
const wellFormed = der.sequence(der.integer(7), der.integer(9));
