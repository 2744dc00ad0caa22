import { join } from 'node:path';
import { calls, roles, type Caller, type CallName, type DoctorFinding } from '../../../contract/index.ts';
import { createDispatcher, mayCall, type Handlers } from '../../dispatch/index.ts';
import type { BrokerHost } from '../../broker/index.ts';
import type { CrlSet } from '../../publication/index.ts';
import { schemaProblems, signerLists, type Registry } from '../../registry/index.ts';
import { listProblems, operatorProblems } from './against.ts';
import { certificateProblems, crlProblems, revocationProblems } from './records.ts';
import { secretProblems } from './secrets.ts';

export interface Examined {
  readonly registry: Registry;
  readonly crls: CrlSet;
  readonly host: BrokerHost;
}

interface Check {
  readonly checked: number;
  readonly problems: string[];
}

/** The invariants of a station, each looked at in its data as they are; nothing is mended here. */
export async function runDoctor(station: Examined, dataDir: string): Promise<DoctorFinding[]> {
  const { registry, crls, host } = station;
  const finding = (invariant: number, title: string, check: Check): DoctorFinding => ({
    invariant,
    title,
    ok: check.problems.length === 0,
    ...check,
  });
  const audit = registry.store.auditProblems();
  return [
    finding(1, 'No certificate is ACTIVE without a PASS, none is unrecorded or left over', certificateProblems(registry)),
    finding(2, 'Every revocation is on its way to the broker host; none is undone', revocationProblems(registry, crls)),
    finding(3, 'CRL numbers only grow, and no entry is lost', crlProblems(registry, crls)),
    finding(4, 'No private key or PIN in database, logs or files', secretProblems(dataDir)),
    finding(5, 'The audit log is complete and unchanged', { checked: audit.lines, problems: audit.problems }),
    finding(6, 'Every call refuses every role that may not make it', await roleProblems()),
    finding(7, 'A revoked canary is refused by the broker, a good one admitted', await canaryProblems(host)),
    finding(
      8,
      'What lists and signer know to be revoked is revoked in the registry',
      listProblems(registry, crls, signerLists(join(dataDir, 'signer', 'memory.db'))),
    ),
    finding(9, 'Tables and triggers of the database are those of this version', schemaProblems(registry.store.db)),
    finding(10, 'Every operator was added by somebody, in the role that they have', operatorProblems(registry)),
  ];
}

/** Asks a dispatcher with handlers that do nothing: what the table forbids must not reach one. */
async function roleProblems(): Promise<Check> {
  const problems: string[] = [];
  let checked = 0;
  const names = (Object.keys(calls) as CallName[]).filter((name) => calls[name].service === 'station');
  for (const role of ['nobody', ...roles] as const) {
    const reached = new Set<string>();
    const handlers = Object.fromEntries(names.map((name) => [name, () => reached.add(name)])) as unknown as Handlers;
    const dispatch = createDispatcher(handlers, () => undefined);
    const caller: Caller = { name: 'doctor', role, face: 'window', connection: 'doctor', credential: null };
    for (const name of names.filter((candidate) => !mayCall(role, candidate))) {
      checked++;
      await dispatch(name, {}, caller).catch(() => undefined);
      if (reached.has(name)) problems.push(`${name} can be called as ${role}`);
    }
  }
  return { checked, problems };
}

async function canaryProblems(host: BrokerHost): Promise<Check> {
  const result = await host.canaries();
  const problems: string[] = [];
  if (!result.revokedRefused) problems.push(`the revoked canary was not refused: ${result.failure?.code ?? 'no failure was recorded'}`);
  if (!result.goodAccepted) problems.push(`the good canary was not admitted: ${result.failure?.code ?? 'no failure was recorded'}`);
  return { checked: 2, problems };
}
