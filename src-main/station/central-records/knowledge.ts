import { z } from 'zod';
import { RevocationReason } from '../../contract/index.ts';
import { partitionOf } from '../ca/index.ts';
import type { CrlScope, Registry, RevokedEntry } from '../registry/index.ts';
import type { Connection } from './connection.ts';
import type { RecordsDesk } from './desk.ts';

/** What the central records know of this station that a registry restored from a backup may not. */
export interface CentralKnowledge {
  readonly revocations: readonly (RevokedEntry & { readonly scope: CrlScope })[];
  /** The newest list of each scope that was ever in force. */
  readonly lists: readonly (CrlScope & { readonly number: number })[];
  /** `{tenant}/{device}`. */
  readonly devices: readonly string[];
}

const Revoked = z.object({ issuer: z.string(), serial: z.string(), revokedAt: z.string(), reason: RevocationReason });
const List = z.object({ issuer: z.string(), partition: z.int(), number: z.coerce.number() });
const Device = z.object({ device: z.string() });

/** Of every central database of this station; why one cannot be asked comes through. */
export async function centralKnowledge(desk: RecordsDesk, registry: Registry): Promise<CentralKnowledge> {
  const each = await desk.with((db) => knowledgeOf(db, registry));
  return {
    revocations: each.flatMap(({ revocations }) => revocations),
    lists: each.flatMap(({ lists }) => lists),
    devices: each.flatMap(({ devices }) => devices),
  };
}

async function knowledgeOf(db: Connection, { issuers }: Registry): Promise<CentralKnowledge> {
  const revoked = await db.read(
    Revoked,
    'what was revoked',
    `SELECT issuer, serial_number AS serial, to_char(revoked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "revokedAt", reason
       FROM device_certificates WHERE station = $1 AND status = 'REVOKED' ORDER BY serial_number`,
    [db.station],
  );
  const lists = await db.read(
    List,
    'lists that were in force',
    'SELECT issuer, partition, crl_number AS number FROM crl_publications WHERE station = $1',
    [db.station],
  );
  const devices = await db.read(
    Device,
    'devices of this station',
    `SELECT tenant_id || '/' || device_id AS device FROM devices WHERE station = $1 ORDER BY 1`,
    [db.station],
  );
  const byKey = new Map(issuers.all().map((issuer) => [issuer.keyId, issuer]));
  return {
    revocations: revoked.flatMap(({ issuer: keyId, ...entry }) => {
      const issuer = byKey.get(keyId);
      if (issuer === undefined) return [];
      return [{ ...entry, scope: { issuer: issuer.id, partition: partitionOf(entry.serial, issuer.partitions) } }];
    }),
    lists: lists.flatMap(({ issuer, ...list }) => {
      const id = byKey.get(issuer)?.id;
      return id === undefined ? [] : [{ ...list, issuer: id }];
    }),
    devices: devices.map(({ device }) => device),
  };
}
