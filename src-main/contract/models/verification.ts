import { z } from 'zod';
import { FailureData } from '../errors.ts';
import { DeviceName, Instant, Sha256Hex } from '../ids.ts';
import { limits } from '../limits.ts';
import { ProbeStep } from './station.ts';

/** As Node names them; versions before 1.2 are offered only to see them refused. */
export const TlsVersion = z.enum(['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']);
export type TlsVersion = z.infer<typeof TlsVersion>;

/** What is wrong with one certificate of a chain, or with its link to the next one. */
export const ChainProblem = z.enum([
  'signature',
  'order',
  'expired',
  'not-yet-valid',
  'not-a-ca',
  'path-too-long',
  'other-name',
  'wrong-use',
  'issuer-unknown',
  'revoked',
]);
export type ChainProblem = z.infer<typeof ChainProblem>;

export const ChainLink = z.object({
  subject: z.string(),
  issuer: z.string(),
  serial: z.string(),
  notBefore: Instant,
  notAfter: Instant,
  /** subjectAltName as OpenSSL writes it; empty without one. */
  names: z.string(),
  fingerprint: Sha256Hex,
  problem: ChainProblem.nullable(),
});
export type ChainLink = z.infer<typeof ChainLink>;

/** A broker to try: any host and port. `serverName` null: the host; `caPem` null: the CA of the station's own broker host. */
export const BrokerTarget = z
  .object({
    host: z.string().min(1).max(253),
    port: z.int().min(1).max(65_535),
    serverName: z.string().min(1).max(253).nullable().default(null),
    caPem: z.string().max(limits.pemChars).nullable().default(null),
  })
  .strict();
export type BrokerTarget = z.infer<typeof BrokerTarget>;

const passphrase = z.string().max(1_000);

const pem = z.string().max(limits.pemChars);

/** As whom to connect. `station`: the station's observer. `device`: a device of the registry, with its key, which the station does not have. */
export const ClientIdentity = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('station') }).strict(),
  z.object({ kind: z.literal('none') }).strict(),
  z.object({ kind: z.literal('pem'), certificatePem: pem, keyPem: pem, passphrase: passphrase.nullable().default(null) }).strict(),
  z.object({ kind: z.literal('device'), device: DeviceName, keyPem: pem, passphrase: passphrase.nullable().default(null) }).strict(),
  /** `file`: PKCS#12 in base64. */
  z.object({ kind: z.literal('p12'), file: pem, passphrase: passphrase.default('') }).strict(),
  z.object({ kind: z.literal('password'), username: z.string().min(1).max(256), password: z.string().max(1_000) }).strict(),
]);
export type ClientIdentity = z.infer<typeof ClientIdentity>;

/** The way to a broker as one client saw it, with both chains as far as they were shown. */
export const VerificationView = z.object({
  verdict: z.enum(['PASS', 'FAIL']),
  host: z.string(),
  port: z.int(),
  steps: z.array(ProbeStep),
  /** The first thing that is wrong; null when nothing is. */
  diagnosis: FailureData.nullable(),
  protocol: z.string().nullable(),
  cipher: z.string().nullable(),
  serverChain: z.array(ChainLink),
  clientChain: z.array(ChainLink),
});
export type VerificationView = z.infer<typeof VerificationView>;
