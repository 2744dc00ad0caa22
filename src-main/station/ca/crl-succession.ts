import { EntryCursor, type CrlFile } from './crl-file.ts';

export interface Lost {
  readonly count: number;
  /** The first of them. */
  readonly serials: readonly string[];
}

/** How many serial numbers are looked for at once in one more pass; they are in memory. */
const batchSize = 100_000;
const named = 5;

/**
 * What `next` lost of `previous` although it may not leave. Both are read side by side: what survives stands in the same order in
 * both, so memory does not grow with them. What is not found that way is looked for once more, whatever the order.
 */
export async function lostEntries(previous: CrlFile, next: CrlFile, mayLeave: (serial: string) => boolean): Promise<Lost> {
  const [before, after] = [new EntryCursor(previous), new EntryCursor(next)];
  let there = await after.load();
  let [count, missing] = [0, new Set<string>()];
  const serials: string[] = [];
  const settle = async (): Promise<void> => {
    await strike(next, missing);
    count += missing.size;
    for (const serial of missing) if (serials.length < named) serials.push(serial);
    missing = new Set();
  };
  for (let more = await before.load(); more; more = before.advance() || (await before.load())) {
    if (there && after.hasSerialOf(before)) {
      there = after.advance() || (await after.load());
      continue;
    }
    const { serial } = before;
    if (mayLeave(serial)) continue;
    // Whatever stands in its place is new.
    while (there && !after.hasSerialOf(before)) there = after.advance() || (await after.load());
    if (there) there = after.advance() || (await after.load());
    else missing.add(serial);
    if (missing.size >= batchSize) await settle();
  }
  await settle();
  return { count, serials };
}

/** Takes out of `missing` what stands somewhere in `crl`. */
async function strike(crl: CrlFile, missing: Set<string>): Promise<void> {
  if (missing.size === 0) return;
  const cursor = new EntryCursor(crl);
  for (let more = await cursor.load(); more; more = cursor.advance() || (await cursor.load())) missing.delete(cursor.serial);
}
