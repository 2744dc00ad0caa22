import { z } from 'zod';
import { IssuerView, RootCrlView } from '../models.ts';
import { limits } from '../limits.ts';
import { call, nothing, officer, signedIn } from './spec.ts';

export const issuersCalls = {
  'issuers.list': call({
    service: 'station',
    summary: 'The CAs of this station, the revocation lists of those above them, and what each waits for',
    input: nothing,
    output: z.object({ issuers: z.array(IssuerView), rootCrls: z.array(RootCrlView) }),
    roles: signedIn,
  }),
  'issuers.importCrl': call({
    service: 'station',
    summary: 'Keep the newest revocation list of a customer’s CA above this station’s (PEM or DER)',
    input: z.object({ file: z.base64().max(limits.rootCrlBytes * 1.4) }).strict(),
    output: RootCrlView,
    roles: officer,
  }),
} as const;
