import { z } from 'zod';
import { TokenDetails } from '../models.ts';
import { ModuleConfig } from '../signer.ts';
import { call, everyone, nothing } from './spec.ts';

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
} as const;
