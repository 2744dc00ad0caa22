import fc from 'fast-check';
import { expect, test } from 'vitest';
import { auditGenesis, auditHash, verifyAuditChain, type AuditEntry } from '../../../src-main/station/audit/index.ts';
import { TestRegistry } from '../../support/registry.ts';

function chain(lines: readonly { actor: string; subject: string }[]): AuditEntry[] {
  const entries: AuditEntry[] = [];
  for (const [index, { actor, subject }] of lines.entries()) {
    const line = {
      seq: index + 1,
      at: '2026-06-01T08:00:00.000Z',
      actor,
      action: 'act',
      subject,
      detail: '{}',
      previous: entries.at(-1)?.hash ?? auditGenesis,
    };
    entries.push({ ...line, hash: auditHash(line) });
  }
  return entries;
}

const headOf = (entries: readonly AuditEntry[]): { seq: number; hash: string } => ({
  seq: entries.length,
  hash: entries.at(-1)?.hash ?? auditGenesis,
});
const lines = fc.array(fc.record({ actor: fc.string(), subject: fc.string() }), { minLength: 2, maxLength: 12 });

test('a chain as it was written holds', () => {
  fc.assert(
    fc.property(lines, (written) => {
      expect(verifyAuditChain(chain(written), headOf(chain(written)))).toEqual([]);
    }),
  );
});

test('a line that is changed, removed or moved, a tail that is cut off, and a rewritten chain are found', () => {
  fc.assert(
    fc.property(lines, fc.nat(), fc.nat(), (written, a, b) => {
      const entries = chain(written);
      const head = headOf(entries);
      const [i, j] = [a % entries.length, b % entries.length];
      const found = (damaged: readonly AuditEntry[]): boolean => verifyAuditChain(damaged, head).length > 0;
      for (const field of ['at', 'actor', 'action', 'subject', 'detail'] as const) {
        expect(found(entries.map((entry, k) => (k === i ? { ...entry, [field]: `${entry[field]}x` } : entry)))).toBe(true);
      }
      expect(found(entries.filter((_, k) => k !== i))).toBe(true);
      // Changed with a hash that fits: the line after it, or the head, gives it away.
      const own = entries[i] as AuditEntry;
      const forged = { ...own, actor: `${own.actor}x` };
      expect(found(entries.map((entry, k) => (k === i ? { ...forged, hash: auditHash(forged) } : entry)))).toBe(true);
      const moved = [...entries];
      [moved[i], moved[j]] = [entries[j] as AuditEntry, entries[i] as AuditEntry];
      expect(found(moved)).toBe(i !== j);
      expect(found(entries.slice(0, i))).toBe(true);
      // All hashes made anew after a change: consistent in itself, but not what the head says.
      expect(found(chain(written.map((line, k) => (k === i ? { ...line, actor: `${line.actor}x` } : line))))).toBe(true);
    }),
  );
});

test('fields cannot be shifted into each other', () => {
  const [one] = chain([{ actor: 'a', subject: 'bc' }]);
  const [two] = chain([{ actor: 'ab', subject: 'c' }]);
  expect(one?.hash).not.toBe(two?.hash);
});

test('tampering with the file, triggers out of the way, is found by the registry', () => {
  const tricks = [
    "UPDATE audit SET subject = 'acme/other' WHERE seq = 2",
    'DELETE FROM audit WHERE seq = 2',
    'DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)',
    'UPDATE audit SET seq = seq + 1000 WHERE seq = 2',
    'DELETE FROM audit',
    'DELETE FROM audit_head',
  ];
  for (const trick of tricks) {
    const here = new TestRegistry();
    here.run();
    expect(here.registry.store.auditProblems()).toMatchObject({ problems: [] });
    here.registry.store.db.exec(`DROP TRIGGER audit_kept; DROP TRIGGER audit_unchanged; ${trick}`);
    expect(here.registry.store.auditProblems().problems, trick).not.toEqual([]);
    here.dispose();
  }
});
