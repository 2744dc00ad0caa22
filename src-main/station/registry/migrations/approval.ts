/** Devices that were refused; who decided, when and why. */
export const approval = `
  CREATE TABLE devices_new (
    device TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    id TEXT NOT NULL,
    -- NULL: registered before anyone has seen the unit, or its credentials travel as a bundle.
    hardware_id TEXT UNIQUE,
    model TEXT NOT NULL,
    order_id TEXT REFERENCES orders (id),
    state TEXT NOT NULL DEFAULT 'APPROVED' CHECK (state IN ('PENDING','APPROVED','REFUSED')),
    decided_at TEXT,
    decided_by TEXT,
    reason TEXT,
    proof_level TEXT,
    created_at TEXT NOT NULL
  ) STRICT;
  INSERT INTO devices_new (device, tenant, id, hardware_id, model, order_id, state, proof_level, created_at)
    SELECT device, tenant, id, hardware_id, model, order_id, state, proof_level, created_at FROM devices ORDER BY rowid;
  DROP TABLE devices;
  ALTER TABLE devices_new RENAME TO devices;
  CREATE INDEX devices_undecided ON devices (state, created_at) WHERE state <> 'APPROVED';

  -- The last door: whatever asks, a device that nobody approved gets nothing.
  CREATE TRIGGER certificates_for_approved BEFORE INSERT ON certificates
  WHEN NEW.use = 'device' AND EXISTS (SELECT 1 FROM devices WHERE device = NEW.device AND state <> 'APPROVED')
  BEGIN SELECT RAISE(ABORT, 'the device is not approved'); END;
`;
