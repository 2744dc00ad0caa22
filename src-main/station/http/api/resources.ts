import { z } from 'zod';
import { calls, RevocationReason, type CallName } from '../../../contract/index.ts';

export interface Resource {
  readonly method: 'get' | 'post';
  /** Below `/v1`. */
  readonly path: string;
  readonly call: CallName;
  /** Fields of the call’s input that come as a query. */
  readonly query: readonly string[];
  /** Null: it takes none. */
  readonly body: z.ZodType | null;
  readonly input: (parts: {
    readonly path: Record<string, string>;
    readonly query: Record<string, unknown>;
    readonly body: unknown;
  }) => unknown;
}

const page = ['search', 'limit', 'cursor'];
const asGiven: Resource['input'] = ({ query }) => query;
const rest = (body: unknown): object => (typeof body === 'object' && body !== null ? body : {});
const rotation = calls['rotation.begin'].input.omit({ device: true });
const deviceOf = ({ tenant = '', id = '' }: Record<string, string>): string => `${tenant}/${id}`;

/** Names that a reader of REST expects, each onto one call of the contract. */
export const resources: readonly Resource[] = [
  { method: 'get', path: '/status', call: 'station.status', query: [], body: null, input: () => ({}) },
  { method: 'get', path: '/devices', call: 'devices.list', query: [...page, 'state'], body: null, input: asGiven },
  {
    method: 'post',
    path: '/devices',
    call: 'devices.register',
    query: [],
    body: calls['devices.register'].input,
    input: ({ body }) => body,
  },
  {
    method: 'post',
    path: '/devices/{tenant}/{id}/certificates/rotate',
    call: 'rotation.begin',
    query: [],
    body: rotation,
    input: ({ path, body }) => ({ ...rest(body), device: deviceOf(path) }),
  },
  { method: 'get', path: '/certificates', call: 'certificates.list', query: [...page, 'status', 'use'], body: null, input: asGiven },
  { method: 'get', path: '/certificates/{serial}', call: 'certificates.get', query: [], body: null, input: ({ path }) => path },
  {
    method: 'post',
    path: '/certificates/{serial}/revoke',
    call: 'revocations.revoke',
    query: [],
    body: z.object({ reason: RevocationReason, note: z.string().max(200).default('') }).strict(),
    input: ({ path, body }) => ({ ...rest(body), selector: path }),
  },
  { method: 'get', path: '/expiring', call: 'certificates.expiring', query: ['days', 'limit', 'cursor'], body: null, input: asGiven },
  { method: 'get', path: '/orders', call: 'orders.list', query: [], body: null, input: () => ({}) },
  { method: 'post', path: '/orders', call: 'orders.create', query: [], body: calls['orders.create'].input, input: ({ body }) => body },
];

/** A query is text; the fields that are numbers in the contract are these. */
const numbers: readonly string[] = ['limit', 'days'];

export function queryOf(query: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(query).map(([name, value]) => [
      name,
      numbers.includes(name) && typeof value === 'string' && /^\d{1,6}$/u.test(value) ? Number(value) : value,
    ]),
  );
}
