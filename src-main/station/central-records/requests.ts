import { z } from 'zod';
import { Failure } from '../../contract/index.ts';
import { exportRequest, importRequest, type RequestParts } from '../revocation/index.ts';
import type { SetAside } from '../registry/index.ts';
import { requestsChannel, type Connection } from './connection.ts';

/** What waits is asked for when somebody says that there is something, and now and then besides. */
export const askEveryMs = 60_000;

const RequestFile = z.object({ id: z.string(), file: z.string() });

/** Puts requests of ours, and our answers to others', into the table, as the files that they are. */
export async function sendRequests(db: Connection, parts: RequestParts, ids: readonly string[]): Promise<void> {
  const sent: Promise<unknown>[] = [];
  for (const id of ids) {
    const record = parts.registry.requests.get(id);
    if (record === null) continue;
    if (record.direction === 'sent') {
      const { fingerprint, subject, reason, note, operator, requestedAt } = record;
      sent.push(
        db.run(
          'request',
          `INSERT INTO revocation_requests (id, fingerprint_sha256, common_name, reason, note, station, operator, requested_at, request_file)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
          [id, fingerprint, subject, reason, note, db.station, operator, requestedAt, exportRequest(parts, id).text],
        ),
      );
    } else if (record.answeredAt !== null) {
      sent.push(
        db.run(
          'answer',
          `UPDATE revocation_requests SET state = $2, answered_at = $3, answered_by = $4, answer = $5, answer_file = $6 WHERE id = $1 AND state = 'REQUESTED'`,
          [id, record.state, record.answeredAt, record.answeredBy, record.answer, exportRequest(parts, id).text],
        ),
      );
    }
  }
  if (ids.length > 0) sent.push(db.run('notify', `NOTIFY ${requestsChannel}`));
  await Promise.all(sent);
}

/** Takes in requests for certificates of ours, and answers to our own; what is in them is checked as if it had come by file. Returns how many, and what was refused. */
export async function takeRequests(
  db: Connection,
  parts: RequestParts,
): Promise<{ readonly taken: number; readonly refused: readonly SetAside[] }> {
  const { requests, records } = parts.registry;
  const asked = await db.read(
    RequestFile,
    'requests for us',
    `SELECT r.id, r.request_file AS file FROM revocation_requests r
       WHERE r.state = 'REQUESTED' AND r.station <> $1
         AND EXISTS (SELECT 1 FROM device_certificates c WHERE c.fingerprint_sha256 = r.fingerprint_sha256 AND c.station = $1)
       ORDER BY r.requested_at LIMIT 100`,
    [db.station],
  );
  const answers = await db.read(
    RequestFile,
    'answers to us',
    `SELECT id, answer_file AS file FROM revocation_requests WHERE state <> 'REQUESTED' AND station = $1 AND id = ANY ($2::uuid[])`,
    [db.station, records.openRequests()],
  );
  let taken = 0;
  const refused: SetAside[] = [];
  for (const { id, file } of [...asked.filter(({ id: one }) => requests.get(one) === null), ...answers]) {
    try {
      importRequest(parts, file);
      taken++;
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      refused.push({ kind: 'request', key: id, failure: thrown.toData() });
    }
  }
  return { taken, refused };
}
