import { z } from 'zod';
import { ServiceName } from '../ids.ts';
import { AccessKeyView, Role } from '../models.ts';
import { call, done, nothing, officer } from './spec.ts';

const Name = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[\w.-]+$/u, 'must have only letters, digits, ".", "_" and "-"');

/** For programs that call the station without a person. */
export const accessKeysCalls = {
  'accessKeys.add': call({
    service: 'station',
    summary: 'Make a key with which a program calls this station in a role until a day; the key is in this answer only',
    input: z
      .object({
        name: Name,
        role: Role,
        days: z.int().min(1).max(730).default(90),
        /** No key is made: the certificate of this service opens over HTTP. */
        service: ServiceName.nullable().default(null),
      })
      .strict(),
    /** `key`: null where a certificate opens. */
    output: z.object({ key: z.string().nullable(), view: AccessKeyView }),
    roles: officer,
    secret: true,
  }),
  'accessKeys.list': call({
    service: 'station',
    summary: 'The access keys that were ever made',
    input: nothing,
    output: z.array(AccessKeyView),
    roles: officer,
  }),
  'accessKeys.withdraw': call({
    service: 'station',
    summary: 'Withdraw an access key: from now on it opens nothing',
    input: z.object({ name: Name }).strict(),
    output: done,
    roles: officer,
  }),
} as const;
