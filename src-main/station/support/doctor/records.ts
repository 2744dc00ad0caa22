import { z } from 'zod';
import { readCrl } from '../../ca/index.ts';
import type { CrlSet } from '../../publication/index.ts';
import type { CrlScope, Registry } from '../../registry/index.ts';

/** What the clockwork has to do is late after so long. */
const upkeepMs = 60_000;

interface Check {
  readonly checked: number;
  readonly problems: string[];
}

/** Nothing in the registry is taken for granted here: a run may lack both. */
const Named = z.object({ device: z.string().nullable(), serial: z.string().nullable() });

/** Certificates that a query finds, as problems. */
const certificates = (registry: Registry, sql: string, what: string, ...values: string[]): string[] =>
  registry.store
    .query(Named, sql)
    .all(...values)
    .map(({ device, serial }) => `${String(device)}, serial ${String(serial)}: ${what}`);

const serials = (registry: Registry, sql: string, ...values: unknown[]): string[] => registry.store.values(z.string(), sql).all(...values);

const count = (registry: Registry, table: 'certificates' | 'revocations'): number =>
  registry.store.values(z.int(), `SELECT count(*) FROM ${table}`).one();

/** Invariant 1. */
export function certificateProblems(registry: Registry): Check {
  const problems = [
    ...certificates(
      registry,
      `SELECT c.device, c.serial FROM certificates c LEFT JOIN runs r ON r.id = c.run WHERE c.use = 'device' AND c.status IN ('ACTIVE','ROTATING') AND c.replaces IS NULL AND (r.verdict IS NULL OR r.verdict <> 'PASS')`,
      'ACTIVE, but its run did not pass',
    ),
    ...certificates(
      registry,
      `SELECT c.device, c.serial FROM certificates c LEFT JOIN runs r ON r.id = c.run
       WHERE c.use = 'device' AND c.status IN ('RESERVED','SIGNED') AND c.not_after >= clock_now() AND NOT (r.verdict IS NULL AND r.id IS NOT NULL OR r.verdict = 'NOT_VERIFIED' AND r.deadline IS NOT NULL)`,
      'left over without an open run or a deadline',
    ),
    ...certificates(
      registry,
      `SELECT c.device, c.serial FROM certificates c LEFT JOIN certificates before ON before.serial = c.replaces
       WHERE c.replaces IS NOT NULL AND c.status IN ('ACTIVE','ROTATING') AND (before.serial IS NULL OR before.device <> c.device OR before.status NOT IN ('ROTATING','REVOKED') AND before.not_after >= clock_now())`,
      'in force, but what it replaces was not proven, or is in force, too',
    ),
    ...certificates(
      registry,
      `SELECT device, serial FROM certificates WHERE status IN ('SIGNED','ACTIVE','ROTATING') AND der IS NULL`,
      'signed, but the certificate is not recorded',
    ),
    ...certificates(
      registry,
      `SELECT r.device, r.serial FROM runs r LEFT JOIN certificates c ON c.serial = r.serial WHERE r.verdict = 'PASS' AND c.serial IS NULL`,
      'the run passed, but its certificate is not recorded',
    ),
    ...lifeProblems(registry),
    ...certificates(
      registry,
      'SELECT serial, min(device) AS device FROM certificates GROUP BY serial HAVING count(*) > 1',
      'the serial number was used twice',
    ),
  ];
  return { checked: count(registry, 'certificates'), problems };
}

/** Of each device one certificate is in force, and one beside it for a time; what is over has ended. */
function lifeProblems(registry: Registry): string[] {
  const now = registry.store.clock.now();
  const at = (ms: number): string => new Date(ms).toISOString();
  const found = (where: string, what: string, ...values: string[]): string[] =>
    certificates(registry, `SELECT c.device, c.serial FROM certificates c WHERE ${where}`, what, ...values);
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
    ...serials(registry, `SELECT serial FROM certificates WHERE status = 'REVOKED' AND serial NOT IN (SELECT serial FROM revocations)`).map(
      (serial) => `serial ${serial} is REVOKED without a record`,
    ),
    ...serials(registry, `SELECT r.serial FROM revocations r JOIN certificates c ON c.serial = r.serial WHERE c.status <> 'REVOKED'`).map(
      (serial) => `the revocation of serial ${serial} was undone`,
    ),
    ...serials(
      registry,
      `SELECT serial FROM revocations WHERE published_at IS NULL AND serial NOT IN (SELECT key FROM outbox WHERE kind = 'revocation')`,
    ).map((serial) => `the revocation of serial ${serial} is neither published nor waiting`),
  ];
  for (const crl of crls.builders()) problems.push(...missingEntries(registry, crl.scope, crl.newestFile()));
  return { checked: count(registry, 'revocations'), problems };
}

function missingEntries(registry: Registry, { issuer, partition }: CrlScope, newest: string | null): string[] {
  if (newest === null) return [];
  const listed = new Set<string>();
  for (const { serial } of readCrl(newest).entries()) listed.add(serial);
  return serials(
    registry,
    'SELECT serial FROM revocations WHERE issuer = ? AND partition = ? AND crl_number IS NOT NULL AND not_after > ?',
    issuer,
    partition,
    registry.now(),
  )
    .filter((serial) => !listed.has(serial))
    .map((serial) => `serial ${serial} is missing from the newest CRL`);
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
