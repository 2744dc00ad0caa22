import '../../support/reflect.ts';
import { X509Crl } from '@peculiar/x509';
import { der, oids, time } from '../../../src-main/der/index.ts';
import { CrlStream } from '../../../src-main/signer/crl-rules.ts';
import { algorithmOfCa, ca, caKey, caName, caRef, day, extension, now, signed } from '../keys.ts';
import { mutateDer } from '../mutate/der.ts';
import { Broken, refusedBy, type FuzzTarget } from '../target.ts';

/** A tbsCertList that the rules allow, with this number and so many entries. */
export function crlTbs(number: number, entries: number): Buffer {
  const reason = (code: number): Buffer => der.sequence(extension(oids.reasonCode, false, der.enumerated(code)));
  const entry = (n: number): Buffer =>
    der.sequence(
      der.unsignedInteger(Buffer.from(`4fa1b2c3d4e5f607${n.toString(16).padStart(8, '0')}`, 'hex')),
      time(now - day),
      ...(n % 2 === 0 ? [reason(1 + (n % 5))] : []),
    );
  const list = Array.from({ length: entries }, (_, n) => entry(n));
  const point = der.sequence(der.explicit(0, der.explicit(0, der.implicit(6, Buffer.from('http://crl.example/crl/i/0.crl')))));
  const extensions = [
    extension(oids.authorityKeyIdentifier, false, der.sequence(der.implicit(0, caKey.keyId))),
    extension(oids.crlNumber, false, der.integer(number)),
    extension(oids.issuingDistributionPoint, true, point),
  ];
  const head = [der.integer(1), algorithmOfCa, caName, time(now), time(now + day)];
  return der.sequence(...head, ...(entries === 0 ? [] : [der.sequence(...list)]), der.explicit(0, der.sequence(...extensions)));
}

const allowedReasons = new Set([1, 2, 3, 4, 5, 9, undefined]);
const key = { ref: caRef, algorithm: 'ec-p256', publicKey: ca.publicKey, signer: caKey } as const;

function digestOf(pieces: readonly Uint8Array[]): { number: number; digest: string } {
  const stream = new CrlStream(key, now);
  for (const piece of pieces) stream.append(piece);
  const { number, digest } = stream.finish();
  return { number, digest: digest.toString('hex') };
}

/** What the signer is asked to sign as a revocation list. It must be judged alike however it is cut, and be a good list to another reader. */
export const tbsCrl: FuzzTarget = {
  name: 'tbs-crl',
  seeds: () => [crlTbs(7, 0), crlTbs(7, 1), crlTbs(9, 30)],
  mutate: mutateDer,
  feed: (input) => {
    const whole = outcomeOf(() => digestOf([input]));
    const cut = Math.max(1, Math.ceil(input.length / 7));
    const pieces = Array.from({ length: Math.ceil(input.length / cut) }, (_, n) => Buffer.from(input.subarray(n * cut, (n + 1) * cut)));
    const cutUp = outcomeOf(() => digestOf(pieces));
    if ((whole.accepted === null) !== (cutUp.accepted === null))
      throw new Broken(`“${whole.words}” as a whole, “${cutUp.words}” in pieces`);
    if (whole.accepted === null) return whole.words;
    if (whole.accepted.digest !== cutUp.accepted?.digest) throw new Broken('another digest in pieces');
    mustBeGood(input);
    return 'signed';
  },
};

interface Outcome {
  readonly accepted: { number: number; digest: string } | null;
  readonly words: string;
}

function outcomeOf(read: () => { number: number; digest: string }): Outcome {
  let accepted: Outcome['accepted'] = null;
  const words = refusedBy(/^SESSION_REFUSED$/u, read, (value) => {
    accepted = value;
    return 'signed';
  });
  return { accepted, words };
}

function mustBeGood(input: Uint8Array): void {
  const list = new X509Crl(signed(input));
  const serials = list.entries.map(({ serialNumber }) => serialNumber);
  if (new Set(serials).size < serials.length) throw new Broken('a serial number twice');
  if (list.thisUpdate.getTime() > now + 300_000 || (list.nextUpdate?.getTime() ?? 0) <= now) throw new Broken('a list of another time');
  if (list.issuer !== 'O=Acme, CN=Acme issuer 1') throw new Broken(`a list of ${list.issuer}`);
  for (const { serialNumber, revocationDate, reason } of list.entries) {
    if (/^0*$/u.test(serialNumber) || serialNumber.length > 42) throw new Broken(`serial number ${serialNumber}`);
    if (revocationDate.getTime() > now + 300_000) throw new Broken('revoked in the future');
    if (!allowedReasons.has(reason)) throw new Broken(`reason ${String(reason)}`);
  }
}
