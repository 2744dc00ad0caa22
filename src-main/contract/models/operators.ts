import { z } from 'zod';

export const roles = ['technician', 'officer', 'support'] as const;
export const Role = z.enum(roles);
export type Role = z.infer<typeof Role>;

export const Operator = z.object({ name: z.string().min(1).max(64), role: Role, passwordSet: z.boolean() });
export type Operator = z.infer<typeof Operator>;
