/**
 * On whose word a run was made, a certificate issued, a database connected: what the clock ends later is theirs in the audit log. What was
 * recorded before has the name that the audit log knows.
 */
export const actorsMigration = `
  ALTER TABLE runs ADD COLUMN actor TEXT NOT NULL DEFAULT '';
  ALTER TABLE certificates ADD COLUMN actor TEXT NOT NULL DEFAULT '';
  ALTER TABLE records_hosts ADD COLUMN connected_by TEXT NOT NULL DEFAULT '';
  UPDATE runs SET actor = coalesce((SELECT actor FROM audit WHERE action = 'order.create' AND subject = runs.order_id), 'line');
  UPDATE certificates SET actor = known.actor
    FROM (SELECT detail ->> 'serial' AS serial, actor FROM audit WHERE action = 'certificate.reserve') AS known
    WHERE known.serial = certificates.serial;
  UPDATE certificates SET actor = runs.actor FROM runs WHERE runs.id = certificates.run;
  UPDATE records_hosts SET connected_by =
    coalesce((SELECT actor FROM audit WHERE action = 'records.use' AND subject = records_hosts.name ORDER BY seq DESC LIMIT 1), '');
  INSERT INTO settings (key, value) SELECT 'order.actor', actor FROM audit
    WHERE action = 'order.create' AND subject = (SELECT value FROM settings WHERE key = 'order');
`;
