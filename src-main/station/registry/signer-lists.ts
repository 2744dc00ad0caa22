import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { z } from 'zod';
import { instant } from '../clock.ts';
import { bytes } from './rows.ts';

/** The last list that the signer remembers of one key and one distribution point. */
export interface SignerList {
  readonly spkiSha256: string;
  readonly uri: string;
  readonly number: number;
  readonly thisUpdate: string;
  /** Upper-case hex. */
  readonly serials: readonly string[];
}

const Row = z.object({ spki: z.string(), uri: z.string(), number: z.int(), thisUpdate: z.int(), serials: bytes });

/** Reads the signer's memory, and changes nothing in it. Empty where there is none. */
export function signerLists(path: string): SignerList[] {
  if (!existsSync(path)) return [];
  const db = new Database(path, { readonly: true });
  try {
    const rows = db
      .prepare(
        `SELECT k.spki_sha256 AS spki, l.uri, l.number, l.this_update AS thisUpdate, l.serials FROM lists l JOIN keys k ON k.id = l.issuer`,
      )
      .all();
    return z
      .array(Row)
      .parse(rows)
      .map(({ spki, uri, number, thisUpdate, serials }) => ({
        spkiSha256: spki,
        uri,
        number,
        thisUpdate: instant(thisUpdate),
        serials: serialsIn(serials),
      }));
  } finally {
    db.close();
  }
}

/** Each has its length in front. */
function serialsIn(all: Uint8Array): string[] {
  const serials: string[] = [];
  for (let at = 0; at < all.length; at += (all[at] ?? 0) + 1)
    serials.push(
      Buffer.from(all.subarray(at + 1, at + 1 + (all[at] ?? 0)))
        .toString('hex')
        .toUpperCase(),
    );
  return serials;
}
