import { z } from 'zod';
import { TokenDetails } from '../models.ts';
import { ModuleConfig, TokenRef } from '../signer.ts';
import { call, everyone, nothing, officer } from './spec.ts';

export const tokensCalls = {
  'tokens.modules': call({
    service: 'station',
    summary: 'PKCS#11 modules of well-known vendors that are installed on this computer',
    input: nothing,
    output: z.array(z.object({ vendor: z.string(), path: z.string() })),
    roles: everyone,
  }),
  'tokens.inspect': call({
    service: 'station',
    summary: 'Load a PKCS#11 module and show its tokens; on a station that is set up only an officer may, and not while a session is open',
    input: z.object({ module: ModuleConfig }).strict(),
    output: z.array(TokenDetails),
    roles: everyone,
  }),
  'tokens.rebind': call({
    service: 'station',
    summary:
      'The CA keys are in another token or behind another module now: prove each of them there and use it from now on. Asks for the PIN by the event pin.wanted; not while a session is open',
    input: z
      .object({
        module: ModuleConfig,
        label: z.string().min(1).max(32),
        /** Null: the only token with this label. */
        serial: z.string().max(32).nullable().default(null),
        reason: z.string().min(1).max(200),
      })
      .strict(),
    output: z.object({ token: TokenRef, issuers: z.array(z.string()) }),
    roles: officer,
  }),
} as const;
