import { z } from 'zod';
import { AttestationFormat } from '../../../contract/index.ts';
import type { Op } from './packet.ts';
import { ENUMERATION_GROUP, FILE_GROUP, OS_GROUP, PROVISION_GROUP, SHELL_GROUP } from './refusal.ts';

const bytes = z.instanceof(Uint8Array);
/** Nothing that is read from a unit here is longer. */
export const MAX_FILE_BYTES = 65_536;
const label = z.string().regex(/^[^\p{C}]{0,64}$/u);
const spec = <A extends z.ZodType>(group: number, op: Op, id: number, answer: A) => ({ group, op, id, answer });

/**
 * The commands that this station uses, with what a right answer looks like. Sources: native/device-agent/PROTOCOL.md for the provision group, and for the others
 * Zephyr’s “SMP Protocol Specification”, a page for each group.
 */
export const commands = {
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
      proto: z.int().default(1),
      /** In what form it says where a key was made; a unit that says nothing does not have it. */
      att: AttestationFormat.optional(),
      /** false: it has no connection of its own to try. */
      net: z.boolean().default(true),
    }),
  ),
  state: spec(PROVISION_GROUP, 'read', 0, z.object({ locked: z.boolean(), active: z.int().min(-1).max(1) })),
  keygen: spec(PROVISION_GROUP, 'write', 1, z.object({ len: z.int().positive(), sha: bytes, data: bytes.optional() })),
  csr: spec(PROVISION_GROUP, 'read', 2, z.object({ off: z.int(), len: z.int(), data: bytes })),
  write: spec(PROVISION_GROUP, 'write', 3, z.object({ off: z.int().min(0) })),
  digest: spec(PROVISION_GROUP, 'read', 4, z.object({ len: z.int(), sha: bytes })),
  prove: spec(PROVISION_GROUP, 'write', 5, z.object({ sig: bytes })),
  activate: spec(PROVISION_GROUP, 'write', 6, z.object({ active: z.int() })),
  lock: spec(PROVISION_GROUP, 'write', 7, z.object({ locked: z.boolean() })),
  erase: spec(PROVISION_GROUP, 'write', 8, z.object({})),
  selftest: spec(PROVISION_GROUP, 'write', 9, z.object({})),
  attestation: spec(PROVISION_GROUP, 'read', 10, z.object({ off: z.int(), len: z.int().positive(), data: bytes })),
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
  'os-info': spec(OS_GROUP, 'read', 7, z.object({ output: z.string() })),
  shell: spec(SHELL_GROUP, 'write', 0, z.object({ o: z.string() })),
  groups: spec(ENUMERATION_GROUP, 'read', 1, z.object({ groups: z.array(z.int()) })),
  'file-download': spec(
    FILE_GROUP,
    'read',
    0,
    z.object({ off: z.int().min(0), data: bytes, len: z.int().min(0).max(MAX_FILE_BYTES).optional() }),
  ),
  'file-upload': spec(FILE_GROUP, 'write', 0, z.object({ off: z.int().min(0) })),
  'file-status': spec(FILE_GROUP, 'read', 1, z.object({ len: z.int().min(0) })),
  'file-hash': spec(FILE_GROUP, 'read', 2, z.object({ type: z.string(), len: z.int().min(0), output: z.union([z.int().min(0), bytes]) })),
  'file-hash-types': spec(FILE_GROUP, 'read', 3, z.object({ types: z.instanceof(Map) })),
  'file-close': spec(FILE_GROUP, 'write', 4, z.object({})),
} as const;

export type CommandName = keyof typeof commands;
export type Answer<N extends CommandName> = z.output<(typeof commands)[N]['answer']>;
export type UnitInfo = Answer<'info'>;
