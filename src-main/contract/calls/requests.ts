import { z } from 'zod';
import { Bytes, Sha256Hex, Uuid } from '../ids.ts';
import { limits } from '../limits.ts';
import { RevocationReason, RevocationRequestView } from '../models.ts';
import { call, officer, page, pageOf, signedIn } from './spec.ts';

const note = z.string().max(200).default('');
const file = z.object({ request: RevocationRequestView, name: z.string(), text: z.string() });

export const requestsCalls = {
  'requests.create': call({
    service: 'station',
    summary: 'Ask the station that issued a certificate to revoke it; the answer is a file for it',
    input: z
      .object({
        /** PEM or DER; null: only its fingerprint is known. */
        certificate: Bytes.refine((bytes) => bytes.length <= limits.csrFileBytes, 'too large for a certificate')
          .nullable()
          .default(null),
        fingerprint: Sha256Hex.nullable().default(null),
        reason: RevocationReason,
        note,
      })
      .strict()
      .refine((asked) => (asked.certificate === null) !== (asked.fingerprint === null), 'name exactly one of certificate and fingerprint'),
    output: file,
    roles: officer,
  }),
  'requests.list': call({
    service: 'station',
    summary: 'Requests for revocations that were sent to other stations, and that came from them',
    input: z.object({ limit: page.limit, cursor: page.cursor, open: z.boolean().default(false) }).strict(),
    output: pageOf(RevocationRequestView),
    roles: signedIn,
  }),
  'requests.import': call({
    service: 'station',
    summary: 'Take in a file of another station: a request for a certificate of ours, or the answer to one of our requests',
    input: z.object({ text: z.string().max(limits.csrFileBytes * 2) }).strict(),
    output: RevocationRequestView,
    roles: officer,
  }),
  'requests.answer': call({
    service: 'station',
    summary: 'Answer a request: accepting it revokes the certificate; the answer is a file for the station that asked',
    input: z.object({ id: Uuid, accept: z.boolean(), note }).strict(),
    output: file,
    roles: officer,
  }),
  'requests.export': call({
    service: 'station',
    summary: 'The file of a request once more: the request that was sent, or the answer that was given',
    input: z.object({ id: Uuid }).strict(),
    output: file,
    roles: officer,
  }),
} as const;
