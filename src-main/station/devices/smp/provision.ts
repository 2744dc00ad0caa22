import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { Failure } from '../../../contract/index.ts';
import type { Transcript } from '../transcript.ts';
import type { RequestOptions, SmpClient } from './client.ts';
import type { Op, SmpBody } from './packet.ts';
import { NOT_SUPPORTED, OS_GROUP, PROVISION_GROUP, provisionErrors, refusalFailure, refusalOf } from './refusal.ts';

const bytes = z.instanceof(Uint8Array);
const label = z.string().regex(/^[^\p{C}]{0,64}$/u);
const spec = <A extends z.ZodType>(group: number, op: Op, id: number, answer: A) => ({ group, op, id, answer });

/** The commands that this station uses, with what a right answer looks like. Source: native/device-agent/PROTOCOL.md. */
const commands = {
  params: spec(OS_GROUP, 'read', 6, z.object({ buf_size: z.int().min(64).max(65_535) })),
  info: spec(
    PROVISION_GROUP,
    'read',
    0,
    z.object({
      hwid: label.min(1),
      model: label,
      fw: label,
      locked: z.boolean(),
      active: z.int().min(-1).max(1),
      slots: z.int().min(1),
      algs: z.array(z.string()),
      max_item: z.int(),
    }),
  ),
  keygen: spec(PROVISION_GROUP, 'write', 1, z.object({ len: z.int().positive(), sha: bytes })),
  csr: spec(PROVISION_GROUP, 'read', 2, z.object({ off: z.int(), len: z.int(), data: bytes })),
  write: spec(PROVISION_GROUP, 'write', 3, z.object({ off: z.int().min(0) })),
  digest: spec(PROVISION_GROUP, 'read', 4, z.object({ len: z.int(), sha: bytes })),
  prove: spec(PROVISION_GROUP, 'write', 5, z.object({ sig: bytes })),
  activate: spec(PROVISION_GROUP, 'write', 6, z.object({ active: z.int() })),
  lock: spec(PROVISION_GROUP, 'write', 7, z.object({ locked: z.boolean() })),
  erase: spec(PROVISION_GROUP, 'write', 8, z.object({})),
  selftest: spec(PROVISION_GROUP, 'write', 9, z.object({})),
  'selftest-state': spec(
    PROVISION_GROUP,
    'read',
    9,
    z.object({
      state: z.enum(['idle', 'running', 'done', 'failed']),
      stage: z.string(),
      connected: z.boolean(),
      echoed: z.boolean(),
      foreign: z.int(),
      detail: z.string(),
    }),
  ),
} as const;

export type CommandName = keyof typeof commands;
export type Answer<N extends CommandName> = z.output<(typeof commands)[N]['answer']>;
export type UnitInfo = Answer<'info'>;

/** A busy unit is asked again this often. */
const BUSY_PAUSE_MS = 200;

export interface ProvisionOptions extends RequestOptions {
  /** How long a unit may say that it is busy. */
  readonly busyMs: number;
}

/**
 * One command of the table: answer checked, refusal as a failure.
 * @throws Failure by the unit's error code; DEVICE_BUSY when it stays busy; WRONG_PROTOCOL for an answer of another shape; what `SmpClient.request` throws.
 */
export async function provision<N extends CommandName>(
  client: SmpClient,
  transcript: Transcript,
  name: N,
  body: SmpBody,
  options: ProvisionOptions,
): Promise<Answer<N>> {
  const { group, op, id, answer: schema } = commands[name];
  const until = performance.now() + options.busyMs;
  for (;;) {
    transcript.sent(name, body);
    const answer = await client.request(op, group, id, body, options);
    transcript.received(name, answer);
    const refusal = refusalOf(answer);
    if (refusal === null) return checked(client.path, name, schema, answer) as Answer<N>;
    const busy = refusal.group === PROVISION_GROUP && refusal.rc === provisionErrors.BUSY;
    if (!busy || performance.now() > until) throw refused(client.path, name, refusal, body);
    await pause(BUSY_PAUSE_MS, undefined, { signal: options.signal });
  }
}

function checked(path: string, name: CommandName, schema: z.ZodType, answer: unknown): unknown {
  const parsed = schema.safeParse(answer);
  if (!parsed.success) throw new Failure('WRONG_PROTOCOL', { path }, `answer to ${name}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

function refused(path: string, name: CommandName, refusal: { group: number; rc: number }, body: SmpBody): Failure {
  if (name === 'info' && refusal.group === OS_GROUP && refusal.rc === NOT_SUPPORTED) {
    return new Failure('WRONG_PROTOCOL', { path }, 'the unit speaks SMP, but has no provision group');
  }
  const { item, slot } = body;
  return refusalFailure(name, refusal, { ...(typeof item === 'string' ? { item } : {}), ...(typeof slot === 'number' ? { slot } : {}) });
}
