import { readCrl } from '../../ca/index.ts';
import type { CrlSet } from '../../publication/index.ts';
import type { CrlScope, Registry } from '../../registry/index.ts';

/** What the clockwork has to do is late after so long. */
const upkeepMs = 60_000;

interface Check {
  readonly checked: number;
  readonly problems: string[];
}

/** Rows of a query as problems, one sentence each. */
function rows(registry: Registry, sql: string, say: (row: Record<string, unknown>) => string): string[] {
  return registry.store.sql(sql).all().map(say);
}

const count = (registry: Registry, table: 'certificates' | 'revocations'): number =>
  Number(registry.store.sql(`SELECT count(*) AS n FROM ${table}`).get()?.['n'] ?? 0);

/** Invariant 1. */
export function certificateProblems(registry: Registry): Check {
  const named = (what: string) => (row: Record<string, unknown>) => `${String(row['device'])}, serial ${String(row['serial'])}: ${what}`;
  const problems = [
    ...rows(
      registry,
      `SELECT c.device, c.serial FROM certificates c LEFT JOIN runs r ON r.id = c.run WHERE c.use = 'device' AND c.status IN ('ACTIVE','ROTATING') AND c.replaces IS NULL AND (r.verdict IS NULL OR r.verdict <> 'PASS')`,
      named('ACTIVE, but its run did not pass'),
    ),
    ...rows(
      registry,
      `SELECT c.device, c.serial FROM certificates c LEFT JOIN runs r ON r.id = c.run
       WHERE c.use = 'device' AND c.status IN ('RESERVED','SIGNED') AND c.not_after >= clock_now() AND NOT (r.verdict IS NULL AND r.id IS NOT NULL OR r.verdict = 'NOT_VERIFIED' AND r.deadline IS NOT NULL)`,
      named('left over without an open run or a deadline'),
    ),
    ...rows(
      registry,
      `SELECT c.device, c.serial FROM certificates c LEFT JOIN certificates before ON before.serial = c.replaces
       WHERE c.replaces IS NOT NULL AND c.status IN ('ACTIVE','ROTATING') AND (before.serial IS NULL OR before.device <> c.device OR before.status NOT IN ('ROTATING','REVOKED') AND before.not_after >= clock_now())`,
      named('in force, but what it replaces was not proven, or is in force, too'),
    ),
    ...rows(
      registry,
      `SELECT device, serial FROM certificates WHERE status IN ('SIGNED','ACTIVE','ROTATING') AND der IS NULL`,
      named('signed, but the certificate is not recorded'),
    ),
    ...rows(
      registry,
      `SELECT r.device, r.serial FROM runs r LEFT JOIN certificates c ON c.serial = r.serial WHERE r.verdict = 'PASS' AND c.serial IS NULL`,
      named('the run passed, but its certificate is not recorded'),
    ),
    ...lifeProblems(registry),
    ...rows(
      registry,
      'SELECT serial, min(device) AS device FROM certificates GROUP BY serial HAVING count(*) > 1',
      named('the serial number was used twice'),
    ),
  ];
  return { checked: count(registry, 'certificates'), problems };
}

/** Of each device one certificate is in force, and one beside it for a time; what is over has ended. */
function lifeProblems(registry: Registry): string[] {
  const now = registry.store.clock.now();
  const at = (ms: number): string => new Date(ms).toISOString();
  const found = (where: string, what: string, ...values: string[]): string[] =>
    registry.store
      .sql(`SELECT c.device, c.serial FROM certificates c WHERE ${where}`)
      .all(...values)
      .map((row) => `${String(row['device'])}, serial ${String(row['serial'])}: ${what}`);
  return [
    ...found(
      `c.use = 'device' AND c.status = 'ACTIVE' AND c.not_after >= clock_now() AND EXISTS (SELECT 1 FROM certificates o WHERE o.device = c.device AND o.use = 'device' AND o.status = 'ACTIVE' AND o.rowid > c.rowid)`,
      'ACTIVE, and a newer one of the device is, too',
    ),
    ...found(
      `c.status = 'ROTATING' AND NOT EXISTS (SELECT 1 FROM certificates n WHERE n.replaces = c.serial AND n.status <> 'RESERVED')`,
      'being replaced, but by none',
    ),
    ...found(
      `c.status = 'ROTATING' AND c.not_after >= clock_now() AND c.grace_until < ?`,
      'its grace period is over, and it is in force',
      at(now - upkeepMs),
    ),
    ...found(
      `c.use = 'device' AND c.status IN ('SIGNED','ACTIVE','ROTATING') AND c.not_after >= clock_now() AND EXISTS (SELECT 1 FROM devices d WHERE d.device = c.device AND d.state <> 'APPROVED')`,
      'in force, but nobody approved the device',
    ),
  ];
}

/** Invariant 2. */
export function revocationProblems(registry: Registry, crls: CrlSet): Check {
  const problems = [
    ...rows(
      registry,
      `SELECT serial FROM certificates WHERE status = 'REVOKED' AND serial NOT IN (SELECT serial FROM revocations)`,
      (row) => `serial ${String(row['serial'])} is REVOKED without a record`,
    ),
    ...rows(
      registry,
      `SELECT r.serial FROM revocations r JOIN certificates c ON c.serial = r.serial WHERE c.status <> 'REVOKED'`,
      (row) => `the revocation of serial ${String(row['serial'])} was undone`,
    ),
    ...rows(
      registry,
      `SELECT serial FROM revocations WHERE published_at IS NULL AND serial NOT IN (SELECT key FROM outbox WHERE kind = 'revocation')`,
      (row) => `the revocation of serial ${String(row['serial'])} is neither published nor waiting`,
    ),
  ];
  for (const crl of crls.builders()) problems.push(...missingEntries(registry, crl.scope, crl.newestFile()));
  return { checked: count(registry, 'revocations'), problems };
}

function missingEntries(registry: Registry, { issuer, partition }: CrlScope, newest: string | null): string[] {
  if (newest === null) return [];
  const listed = new Set<string>();
  for (const { serial } of readCrl(newest).entries()) listed.add(serial);
  return registry.store
    .sql('SELECT serial FROM revocations WHERE issuer = ? AND partition = ? AND crl_number IS NOT NULL AND not_after > ?')
    .all(issuer, partition, registry.now())
    .filter((row) => !listed.has(String(row['serial'])))
    .map((row) => `serial ${String(row['serial'])} is missing from the newest CRL`);
}

/** Invariant 3: the CRLs that are kept, oldest first. */
export function crlProblems(registry: Registry, crls: CrlSet): Check {
  const each = crls.builders().map((crl) => filesProblems(registry, { scope: crl.scope, files: crl.files() }));
  return { checked: each.reduce((sum, { checked }) => sum + checked, 0), problems: each.flatMap(({ problems }) => problems) };
}

function filesProblems(registry: Registry, { scope, files }: { readonly scope: CrlScope; readonly files: readonly string[] }): Check {
  const problems: string[] = [];
  let before = new Set<string>();
  let last = 0;
  for (const file of files) {
    const crl = readCrl(file);
    if (crl.number <= last) problems.push(`CRL ${String(crl.number)} follows number ${String(last)}`);
    last = crl.number;
    const now = new Set<string>();
    for (const { serial } of crl.entries()) now.add(serial);
    for (const serial of before)
      if (!now.has(serial) && !registry.crls.mayLeave(scope, serial, registry.now()))
        problems.push(`CRL ${String(crl.number)} lost serial ${serial}`);
    before = now;
  }
  return { checked: files.length, problems };
}
