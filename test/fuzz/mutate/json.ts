import type { Random } from '../random.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** JSON has no bytes: `{"$bytes": "30…"}` stands for them in messages between services. */
export function withBytes(value: Json): unknown {
  if (Array.isArray(value)) return value.map(withBytes);
  if (value === null || typeof value !== 'object') return value;
  const keys = Object.keys(value);
  if (keys.length === 1 && typeof value['$bytes'] === 'string') return Buffer.from(value['$bytes'], 'hex');
  return Object.fromEntries(keys.map((key) => [key, withBytes(value[key] ?? null)]));
}

export const fromBytes = (value: unknown): Json => {
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('hex') };
  if (Array.isArray(value)) return value.map(fromBytes);
  if (value === null || typeof value !== 'object') return value as Json;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fromBytes(one)]));
};

const strange: readonly Json[] = [
  null,
  true,
  false,
  0,
  -1,
  0.5,
  2 ** 31,
  2 ** 53,
  1e300,
  '',
  ' ',
  '0',
  '../../etc/passwd',
  '\0',
  'a'.repeat(5000),
  '💥',
  '2026-13-45T99:99:99.999Z',
  '9999-12-31T23:59:59.999Z',
  '00000000-0000-4000-8000-000000000000',
  [],
  {},
  { $bytes: '' },
  { $bytes: '3000' },
  { $bytes: '30'.repeat(2000) },
  { toString: null },
];
const keys = ['__proto__', 'constructor', 'toJSON', 'then', 'length', 'id', ''];

/** A JSON document changed in one to four places. Seeds must be JSON. */
export function mutateJson(random: Random, input: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  const root = { root: JSON.parse(Buffer.from(input).toString('utf8')) as Json };
  for (let changes = 1 + random.below(4); changes > 0; changes--) change(random, root, others);
  const bytes = Buffer.from(JSON.stringify(root.root));
  return bytes.length > maxBytes ? input : bytes;
}

/** Inputs are built upon: without a bound each would be larger than the last. */
const maxBytes = 100_000;

/** The same for `{"call": …, "input": …}`: the call stays, or is another one that is there, and its input is changed. */
export function mutateMessage(random: Random, message: Uint8Array, others: readonly Uint8Array[]): Uint8Array {
  const read = (bytes: Uint8Array): { call: string; input: Json } =>
    JSON.parse(Buffer.from(bytes).toString('utf8')) as { call: string; input: Json };
  const inputOf = (bytes: Uint8Array): Buffer => Buffer.from(JSON.stringify(read(bytes).input));
  const { call } = read(random.chance(0.1) ? random.pick(others) : message);
  const input = mutateJson(random, inputOf(message), [inputOf(random.pick(others))]);
  return Buffer.from(JSON.stringify({ call, input: JSON.parse(Buffer.from(input).toString('utf8')) as Json }));
}

type Holder = Json[] | { [key: string]: Json };
const holders = (value: Json): Holder[] =>
  value === null || typeof value !== 'object' ? [] : [value, ...Object.values(value).flatMap(holders)];

function change(random: Random, root: { root: Json }, others: readonly Uint8Array[]): void {
  const holder = random.pick(holders(root));
  const names = Object.keys(holder);
  const name = names.length === 0 ? '' : random.pick(names);
  const set = (key: string, value: Json): void => {
    Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
  };
  switch (random.below(6)) {
    case 0:
      if (holder === (root as Holder)) return;
      if (Array.isArray(holder)) holder.splice(Number(name), 1);
      else Reflect.deleteProperty(holder, name);
      return;
    case 1:
      if (Array.isArray(holder))
        holder.push(...Array.from({ length: random.chance(0.1) ? 3000 : 1 }, () => structuredClone(holder[Number(name)] ?? null)));
      else if (holder !== (root as Holder)) set(random.pick(keys), structuredClone(random.pick(strange)));
      return;
    case 2: {
      const foreign = holders(JSON.parse(Buffer.from(random.pick(others)).toString('utf8')) as Json);
      if (foreign.length > 0 && name !== '') set(name, structuredClone(random.pick(foreign)));
      return;
    }
    case 3: {
      const value = Reflect.get(holder, name) as Json;
      if (typeof value === 'string' && value !== '')
        set(
          name,
          value.slice(0, random.below(value.length)) + random.pick(['', 'x', '0', '%', ' ', 'ü']) + value.slice(random.below(value.length)),
        );
      else if (typeof value === 'number') set(name, random.pick([value + 1, -value, value * 1000, value / 3]));
      return;
    }
    default:
      if (name !== '') set(name, structuredClone(random.pick(strange)));
  }
}
