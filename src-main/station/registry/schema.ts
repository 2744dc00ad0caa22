import Database, { type Database as Db } from 'better-sqlite3';
import { z } from 'zod';
import { migrations } from './migrations.ts';

const Part = z.object({ type: z.string(), name: z.string(), sql: z.string() });
type Part = z.infer<typeof Part>;

/** Tables, indexes, views and triggers; what SQLite makes by itself has no text. */
const partsOf = (db: Db): Map<string, Part> =>
  new Map(
    z
      .array(Part)
      .parse(db.prepare(`SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'`).all())
      .map((part) => [`${part.type} ${part.name}`, part]),
  );

/** The schema as this version makes it. */
function wanted(): Map<string, Part> {
  const db = new Database(':memory:');
  try {
    for (const migration of migrations) db.exec(migration);
    return partsOf(db);
  } finally {
    db.close();
  }
}

/** How the schema differs from what this version makes: the triggers are what keeps revocations and the audit log from being changed. */
export function schemaProblems(db: Db): { readonly checked: number; readonly problems: string[] } {
  const [should, is] = [wanted(), partsOf(db)];
  const problems = [
    ...[...should].filter(([name]) => !is.has(name)).map(([name]) => `the ${name} is gone`),
    ...[...is].filter(([name]) => !should.has(name)).map(([name]) => `the ${name} is not of this version`),
    ...[...is].filter(([name, { sql }]) => should.has(name) && should.get(name)?.sql !== sql).map(([name]) => `the ${name} was changed`),
  ];
  return { checked: should.size, problems };
}
