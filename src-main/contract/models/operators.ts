import { z } from 'zod';
import { Instant } from '../ids.ts';

export const roles = ['technician', 'officer', 'support'] as const;
export const Role = z.enum(roles);
export type Role = z.infer<typeof Role>;

export const Operator = z.object({ name: z.string().min(1).max(64), role: Role, passwordSet: z.boolean() });
export type Operator = z.infer<typeof Operator>;

/** What is known of an access key; the key itself is shown once, when it is made. */
export const AccessKeyView = z.object({
  name: z.string(),
  role: Role,
  at: Instant,
  addedBy: z.string(),
  expiresAt: Instant,
  withdrawnAt: Instant.nullable(),
  /** Whose certificate opens instead of a key; null: a key does. */
  service: z.string().nullable(),
});
export type AccessKeyView = z.infer<typeof AccessKeyView>;

/** What signing in gives. */
export const SignIn = z.object({
  operator: Operator,
  /** Presented with every later call. Null for the page: the window's main process keeps it. */
  credential: z.string().max(200).nullable(),
  expiresAt: Instant,
});
export type SignIn = z.infer<typeof SignIn>;
