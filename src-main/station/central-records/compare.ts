import { z } from 'zod';
import type { Difference } from '../../contract/index.ts';
import type { Registry } from '../registry/index.ts';
import type { Connection } from './connection.ts';

/** How many of them are named; all are counted. */
const named = 20;
/** Rows that are held at a time. */
const pageRows = 5_000;

const There = z.object({ serial: z.string(), status: z.string() });
type There = Readonly<z.output<typeof There>>;

class Finding {
  readonly #name: string;
  readonly #examples: string[] = [];
  #count = 0;
  checked = 0;

  constructor(name: string) {
    this.#name = name;
  }

  add(example: string): void {
    this.#count++;
    if (this.#examples.length < named) this.#examples.push(example);
  }

  get difference(): Difference {
    return { name: this.#name, checked: this.checked, differences: this.#count, examples: this.#examples };
  }
}

type Page = (after: string) => Promise<readonly There[]> | readonly There[];

/** All rows, a page at a time, in the order of serial numbers. */
async function* all(read: Page): AsyncGenerator<There> {
  for (let page = await read(''); page.length > 0; page = await read(page.at(-1)?.serial ?? '')) yield* page;
}

/** What the registry and one central database disagree on; nothing is changed. What waits to be sent is a difference, too. */
export async function compareRecords({ issuers, records, store }: Registry, db: Connection, name: string): Promise<Difference[]> {
  const missing = new Finding(`recorded here, not in ${name}`);
  const extra = new Finding(`recorded in ${name} as ours, not here`);
  const differing = new Finding(`another status in ${name}`);
  const known = await db.read(z.object({ id: z.string() }), 'compare issuers', 'SELECT key_id AS id FROM issuers WHERE station = $1', [
    db.station,
  ]);
  for (const issuer of new Set([...issuers.all().map(({ keyId }) => keyId), ...known.map(({ id }) => id)])) {
    const there = all((after) =>
      db.read(
        There,
        'compare',
        `SELECT serial_number AS serial, status::text FROM device_certificates WHERE issuer = $1 AND serial_number > $2 AND station = $3
           ORDER BY serial_number LIMIT ${String(pageRows)}`,
        [issuer, after, db.station],
      ),
    );
    const next = async (): Promise<There | undefined> => {
      const result = await there.next();
      if (result.done === true) return undefined;
      extra.checked++;
      return result.value;
    };
    let other = await next();
    for await (const here of all((after) => records.certificatesAfter(issuer, after, pageRows))) {
      missing.checked++;
      for (; other !== undefined && other.serial < here.serial; other = await next()) extra.add(other.serial);
      if (other?.serial !== here.serial) {
        missing.add(here.serial);
        continue;
      }
      differing.checked++;
      if (other.status !== here.status) differing.add(`${here.serial}: ${here.status} here, ${other.status} there`);
      other = await next();
    }
    for (; other !== undefined; other = await next()) extra.add(other.serial);
  }
  return [
    missing.difference,
    extra.difference,
    differing.difference,
    await lists(records, db, name),
    await checkpoints(store.auditHead().seq, records, db, name),
  ];
}

async function lists(records: Registry['records'], db: Connection, name: string): Promise<Difference> {
  const finding = new Finding(`revocation lists in ${name}`);
  const rows = await db.read(
    z.object({ issuer: z.string(), partition: z.int(), number: z.string(), sha256: z.string() }),
    'compare lists',
    'SELECT issuer, partition, crl_number AS number, sha256 FROM crl_publications WHERE station = $1',
    [db.station],
  );
  for (const here of records.publishedCrls()) {
    finding.checked++;
    const other = rows.find(({ issuer, partition }) => issuer === here.issuer && partition === here.partition);
    if (Number(other?.number) !== here.number)
      finding.add(`${here.issuer}/${String(here.partition)}: number ${String(here.number)} here, ${other?.number ?? 'none'} there`);
    else if (other?.sha256 !== here.sha256)
      finding.add(`${here.issuer}/${String(here.partition)}: two lists with the number ${String(here.number)}`);
  }
  return finding.difference;
}

async function checkpoints(head: number, records: Registry['records'], db: Connection, name: string): Promise<Difference> {
  const finding = new Finding(`the audit log against what ${name} knows of it`);
  const rows = await db.read(
    z.object({ seq: z.string(), hash: z.string() }),
    'compare audit',
    'SELECT seq, hash FROM audit_checkpoints WHERE station = $1 ORDER BY seq',
    [db.station],
  );
  for (const { seq, hash } of rows) {
    finding.checked++;
    if (records.checkpointAt(Number(seq))?.hash !== hash)
      finding.add(Number(seq) > head ? `line ${seq} is gone` : `line ${seq} was changed`);
  }
  return finding.difference;
}
