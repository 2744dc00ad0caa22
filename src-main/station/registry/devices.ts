import { z } from 'zod';
import { DeviceFields, DeviceRow, Failure, firstProblem, type DeviceState, type ProofLevel, type Unit } from '../../contract/index.ts';
import { pageOf, type Page, type PageRequest } from './pages.ts';
import { json } from './rows.ts';
import { contains, statusNow, type Store } from './store.ts';

const Decision = DeviceRow.pick({ state: true, decidedBy: true, reason: true });

const Row = DeviceRow.extend({ fields: json(DeviceFields) });

/** Registered devices: `{tenant}/{device}` ↔ hardware id, and the keys they have had. */
export class Devices {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  byHardwareId(hardwareId: string): DeviceRow | null {
    return this.#one('d.hardware_id', hardwareId);
  }

  get(device: string): DeviceRow | null {
    return this.#one('d.device', device);
  }

  /**
   * The device of this unit: the one it has already, or the next number of the order. With a label: the device that it names, which from now on is this unit.
   * LABEL_MISMATCH when label and unit belong to different devices, NOT_FOUND for a label that nobody registered and that the order does not cover.
   */
  register(unit: Unit, order: { id: string; tenant: string; idPrefix: string }, actor: string, label: string | null = null): DeviceRow {
    return this.#store.transaction(() => {
      const known = this.byHardwareId(unit.hardwareId) ?? (label === null ? null : this.#labelled(label, unit, order, actor));
      if (known !== null && label !== null && known.device !== label)
        throw new Failure('LABEL_MISMATCH', { label, unit: unit.hardwareId, device: known.device });
      if (known !== null) return this.#known(known, unit, order, actor);
      return this.#new(`${order.tenant}/${this.#nextId(order)}`, unit, order, actor);
    });
  }

  /** The device that a label names, bound to the unit; null where it is to be made. */
  #labelled(label: string, unit: Unit, order: { id: string; tenant: string; idPrefix: string }, actor: string): DeviceRow | null {
    const row = this.get(label);
    if (row === null) {
      if (!this.isCovered(label, order)) throw new Failure('NOT_FOUND', { kind: 'device', id: label });
      return this.#new(label, unit, order, actor);
    }
    if (row.hardwareId !== null)
      throw new Failure('LABEL_MISMATCH', { label, unit: unit.hardwareId, device: `the unit ${row.hardwareId}` });
    this.#store.sql('UPDATE devices SET hardware_id = ? WHERE device = ?').run(unit.hardwareId, label);
    this.#store.audit(actor, 'device.bind', label, { hardwareId: unit.hardwareId });
    this.#store.owe('device', label);
    return this.get(label);
  }

  #new(device: string, unit: Unit, order: { id: string; tenant: string }, actor: string): DeviceRow {
    const [tenant, id] = device.split('/');
    this.#store
      .sql('INSERT INTO devices (device, tenant, id, hardware_id, model, order_id, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)')
      .run(device, tenant, id, unit.hardwareId, unit.model, order.id, this.#store.now());
    this.#store.audit(actor, 'device.register', device, { hardwareId: unit.hardwareId, model: unit.model, order: order.id });
    this.#store.owe('device', device);
    return this.#must(device);
  }

  /** Does this work order make devices of this name? */
  isCovered(device: string, order: { tenant: string; idPrefix: string }): boolean {
    return device.startsWith(`${order.tenant}/${order.idPrefix}`);
  }

  /** A unit that was registered before: a work order that covers it approves it. DEVICE_PENDING, DEVICE_NOT_WANTED. */
  #known(known: DeviceRow, unit: Unit, order: { id: string; tenant: string; idPrefix: string }, actor: string): DeviceRow {
    const { device } = known;
    if (known.state === 'PENDING' && this.isCovered(device, order)) this.decide(device, 'APPROVED', `work order ${order.id}`, actor);
    else this.mustBeApproved(device);
    this.#store
      .sql(`UPDATE devices SET order_id = coalesce(order_id, ?), model = iif(model = '', ?, model) WHERE device = ?`)
      .run(order.id, unit.model, device);
    this.#store.recorded('device', device);
    return this.#must(device);
  }

  /** Ahead of time: PENDING, but where a work order covers it. */
  add(
    {
      device,
      hardwareId,
      model,
      fields = {},
    }: { device: string; hardwareId: string | null; model: string; fields?: DeviceFields | undefined },
    order: string | null,
    actor: string,
  ): void {
    const [tenant, id] = device.split('/');
    const now = this.#store.now();
    const decided = order === null ? ['PENDING', null, null, null] : ['APPROVED', now, actor, `work order ${order}`];
    this.#store
      .sql(
        `INSERT INTO devices (device, tenant, id, hardware_id, model, fields, order_id, state, decided_at, decided_by, reason, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(device, tenant, id, hardwareId, model, JSON.stringify(fields), order, ...decided, now);
    this.#store.audit(actor, 'device.register', device, { hardwareId, model, fields, order });
    this.#store.owe('device', device);
  }

  /** Changes what is known of it; null takes a field away. NOT_FOUND; INVALID_INPUT when there are too many fields then. */
  describe(device: string, changes: Readonly<Record<string, string | null>>, actor: string): DeviceRow {
    return this.#store.transaction(() => {
      const known = this.get(device);
      if (known === null) throw new Failure('NOT_FOUND', { kind: 'device', id: device });
      const merged = Object.entries({ ...known.fields, ...changes }).filter(([, value]) => value !== null);
      const fields = DeviceFields.safeParse(Object.fromEntries(merged));
      if (!fields.success) throw new Failure('INVALID_INPUT', firstProblem(fields.error, 'field'));
      this.#store.sql('UPDATE devices SET fields = ? WHERE device = ?').run(JSON.stringify(fields.data), device);
      this.#store.audit(actor, 'device.describe', device, { fields: changes });
      this.#store.recorded('device', device);
      return this.#must(device);
    });
  }

  /** Somebody's word, or a work order's; with its audit line. */
  decide(device: string, state: 'APPROVED' | 'REFUSED', reason: string, actor: string): void {
    this.#store.transaction(() => {
      this.#store
        .sql('UPDATE devices SET state = ?, decided_at = ?, decided_by = ?, reason = ? WHERE device = ?')
        .run(state, this.#store.now(), actor, reason, device);
      this.#store.audit(actor, state === 'APPROVED' ? 'device.approve' : 'device.refuse', device, { reason });
      this.#store.owe('device', device);
    });
  }

  /** DEVICE_PENDING or DEVICE_NOT_WANTED for one that may not have a certificate. */
  mustBeApproved(device: string): void {
    const row = this.#store.query(Decision, 'SELECT state, decided_by AS decidedBy, reason FROM devices WHERE device = ?').get(device);
    if (row?.state === 'PENDING') throw new Failure('DEVICE_PENDING', { device });
    if (row?.state === 'REFUSED')
      throw new Failure('DEVICE_NOT_WANTED', { device, by: row.decidedBy ?? 'Somebody', reason: row.reason ?? 'no reason is recorded' });
  }

  /** A device that has no unit on this line, under the name that an officer gives it for a work order. DEVICE_PENDING, DEVICE_NOT_WANTED. */
  registerNamed(device: string, order: { id: string; tenant: string; idPrefix: string; product: string }, actor: string): void {
    this.#store.transaction(() => {
      const known = this.get(device);
      if (known === null) this.add({ device, hardwareId: null, model: order.product }, order.id, actor);
      else if (known.state === 'PENDING' && this.isCovered(device, order)) this.decide(device, 'APPROVED', `work order ${order.id}`, actor);
      else this.mustBeApproved(device);
      this.#store.sql('UPDATE devices SET order_id = coalesce(order_id, ?) WHERE device = ?').run(order.id, device);
    });
  }

  /** KEY_REUSED when another device has ever had this key. */
  mustBeFree(spkiSha256: string, device: string): void {
    const owner = this.ownerOfKey(spkiSha256);
    if (owner !== null && owner !== device) throw new Failure('KEY_REUSED', { device: owner });
  }

  /** From now on the key is this device's; KEY_REUSED. */
  claimKey(spkiSha256: string, device: string): void {
    const { changes } = this.#store
      .sql('INSERT INTO device_keys (spki_sha256, device, seen_at) VALUES (?, ?, ?) ON CONFLICT (spki_sha256) DO NOTHING')
      .run(spkiSha256, device, this.#store.now());
    if (changes === 0) this.mustBeFree(spkiSha256, device);
  }

  /** Whose key this is; null for a key that no device ever had. */
  ownerOfKey(spkiSha256: string): string | null {
    return this.#store.values(z.string(), 'SELECT device FROM device_keys WHERE spki_sha256 = ?').get(spkiSha256);
  }

  /** Whoever has a device here, or is to have one by a work order. */
  tenants(): string[] {
    return this.#store.values(z.string(), 'SELECT tenant FROM devices UNION SELECT tenant FROM orders').all();
  }

  proven(device: string, level: ProofLevel): void {
    this.#store.transaction(() => {
      this.#store.sql('UPDATE devices SET proof_level = ? WHERE device = ?').run(level, device);
      this.#store.recorded('device', device);
    });
  }

  /** Newest first. */
  list({ search, state = null, ...page }: PageRequest & { search: string; state?: DeviceState | null | undefined }): Page<DeviceRow> {
    const like = contains(search);
    const where = `(? = '%%' OR d.device LIKE ? ESCAPE '\\' OR d.hardware_id LIKE ? ESCAPE '\\' OR d.order_id LIKE ? ESCAPE '\\' OR d.model LIKE ? ESCAPE '\\'
      OR EXISTS (SELECT 1 FROM json_each(d.fields) f WHERE f.value LIKE ? ESCAPE '\\')) AND (? IS NULL OR d.state = ?)`;
    const newest = { by: ['d.created_at', 'd.device'], order: 'DESC', key: (row: DeviceRow) => [row.createdAt, row.device] } as const;
    return pageOf(this.#store, { shape: Row, columns, from, where, ...newest }, [like, like, like, like, like, like, state, state], page);
  }

  #one(column: 'd.device' | 'd.hardware_id', value: string): DeviceRow | null {
    return this.#store.query(Row, `${select} WHERE ${column} = ?`).get(value);
  }

  #must(device: string): DeviceRow {
    return this.#store.query(Row, `${select} WHERE d.device = ?`).one(device);
  }

  #nextId(order: { id: string; tenant: string; idPrefix: string }): string {
    for (;;) {
      const number = this.#store
        .values(z.int(), 'UPDATE orders SET next_number = next_number + 1 WHERE id = ? RETURNING next_number - 1')
        .one(order.id);
      const id = `${order.idPrefix}${String(number).padStart(6, '0')}`;
      if (this.get(`${order.tenant}/${id}`) === null) return id;
    }
  }
}

const columns = `d.device, d.tenant, d.id, d.hardware_id AS hardwareId, d.model, d.fields, d.order_id AS "order", d.state, d.decided_at AS decidedAt, d.decided_by AS decidedBy, d.reason, d.proof_level AS proofLevel, d.created_at AS createdAt,
  (SELECT count(*) FROM certificates c WHERE c.device = d.device) AS certificates,
  (SELECT ${statusNow} FROM certificates c WHERE c.device = d.device ORDER BY c.rowid DESC LIMIT 1) AS status`;
const from = 'devices d';
const select = `SELECT ${columns} FROM ${from}`;
