import { createHash } from 'node:crypto';

/** One line of the audit log; `hash` covers every other field and the hash of the line before. */
export interface AuditEntry {
  readonly seq: number;
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  /** JSON. */
  readonly detail: string;
  readonly previous: string;
  readonly hash: string;
}

export const auditGenesis = '0'.repeat(64);

/** SHA-256 (hex) over the fields as a JSON array: unambiguous, whatever the fields contain. */
export function auditHash(entry: Omit<AuditEntry, 'hash'>): string {
  const fields = [entry.seq, entry.at, entry.actor, entry.action, entry.subject, entry.detail, entry.previous];
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex');
}

/** Problems of a chain read in order of `seq`: gaps, changed lines, broken links. Empty when it holds; `head` must be the last hash. */
export function verifyAuditChain(entries: Iterable<AuditEntry>, head: { seq: number; hash: string }): string[] {
  const problems: string[] = [];
  let previous = auditGenesis;
  let seq = 0;
  for (const entry of entries) {
    seq++;
    if (entry.seq !== seq) problems.push(`line ${String(seq)} is missing; found ${String(entry.seq)}`);
    if (entry.previous !== previous) problems.push(`line ${String(entry.seq)} does not follow the line before it`);
    if (auditHash(entry) !== entry.hash) problems.push(`line ${String(entry.seq)} was changed`);
    seq = entry.seq;
    previous = entry.hash;
  }
  if (seq !== head.seq || previous !== head.hash) problems.push(`the last line is ${String(seq)}; ${String(head.seq)} was written`);
  return problems;
}
