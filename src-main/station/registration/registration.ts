import { DeviceFields, DeviceName, Failure, firstProblem, HardwareId, unwrap, usualFields, type DeviceRow } from '../../contract/index.ts';
import type { z } from 'zod';
import type { Registry } from '../registry/index.ts';
import { mustBeWhole, readCsv } from './csv.ts';

/** A device that is registered before anybody has seen its unit. */
export interface NewDevice {
  readonly device: string;
  readonly hardwareId: string | null;
  readonly model: string;
  readonly fields?: DeviceFields;
}

interface Listed extends NewDevice {
  /** Where it stands in its list; null: it was named by itself. */
  readonly line: number | null;
}

const columns = ['device', 'hardware', 'model', ...usualFields] as const;

/**
 * Reads a list of devices: the column `device`, and if you like `hardware`, `model`, the usual fields, and the tenant's `own`.
 * LIST_INVALID names the bad lines, and a column that is none of these; then nothing is read.
 */
export function readDeviceList(csv: string, own: readonly string[] = []): Listed[] {
  const problems: string[] = [];
  const listed: Listed[] = [];
  const taken = [...usualFields, ...own];
  const known = [...columns, ...own];
  for (const { record, line } of readCsv(csv, [columns[0]], known)) {
    const device = DeviceName.safeParse(record['device'] ?? '');
    const hardware = record['hardware'] ?? '';
    const hardwareId = hardware === '' ? null : HardwareId.safeParse(hardware);
    const model = record['model'] ?? '';
    const fields = DeviceFields.safeParse(
      Object.fromEntries(taken.map((name) => [name, record[name] ?? '']).filter(([, value]) => value !== '')),
    );
    const bad = [
      ...(device.success
        ? []
        : [`“${(record['device'] ?? '').slice(0, 80)}” is not a device (${firstProblem(device.error, 'device').problem})`]),
      ...(hardwareId === null || hardwareId.success ? [] : [`“${hardware.slice(0, 80)}” is not a hardware id`]),
      ...(model.length > 64 || /\p{C}/u.test(model) ? ['the model must be at most 64 visible characters'] : []),
      ...(fields.success ? [] : [fieldProblem(fields.error)]),
    ];
    problems.push(...bad.map((problem) => `line ${String(line)}: ${problem}`));
    if (device.success && fields.success && bad.length === 0)
      listed.push({ device: device.data, hardwareId: hardwareId?.data ?? null, model, fields: fields.data, line });
  }
  mustBeWhole(problems);
  return listed;
}

function fieldProblem(error: z.ZodError): string {
  const { field, problem } = firstProblem(error, 'field');
  return `${field}: ${problem}`;
}

/** LIST_INVALID (INVALID_INPUT for one device) for what is registered already, or named twice: then none can be registered. */
export function mustBeNew(registry: Registry, devices: readonly Listed[]): void {
  const seen = { device: new Map<string, Listed>(), hardware: new Map<string, Listed>() };
  const problems: string[] = [];
  for (const one of devices) {
    const known = registry.devices.get(one.device);
    const holder = one.hardwareId === null ? null : registry.devices.byHardwareId(one.hardwareId);
    const say = (problem: string): void => void problems.push(one.line === null ? problem : `line ${String(one.line)}: ${problem}`);
    if (known !== null) say(`${one.device} is registered already`);
    else if (holder !== null) say(`hardware ${one.hardwareId ?? ''} is registered as ${holder.device} already`);
    const before = seen.device.get(one.device) ?? (one.hardwareId === null ? undefined : seen.hardware.get(one.hardwareId));
    if (before !== undefined)
      say(`${before.device === one.device ? one.device : (one.hardwareId ?? '')} stands on line ${String(before.line)}, too`);
    seen.device.set(one.device, one);
    if (one.hardwareId !== null) seen.hardware.set(one.hardwareId, one);
  }
  const [first] = problems;
  if (first !== undefined && devices.length === 1 && devices[0]?.line === null)
    throw new Failure('INVALID_INPUT', { field: 'device', problem: first });
  mustBeWhole(problems);
}

export interface Registered {
  readonly count: number;
  /** How many of them a work order covers: they need no approval. */
  readonly covered: number;
}

/** Registers all or none; PENDING, but for those that the order covers. NOT_FOUND for an order, and what `mustBeNew` refuses. */
export function registerDevices(
  registry: Registry,
  devices: readonly Listed[],
  terms: { order: string | null; actor: string; dryRun: boolean },
): Registered {
  const order = terms.order === null ? null : registry.runs.order(terms.order);
  if (terms.order !== null && order === null) throw new Failure('NOT_FOUND', { kind: 'work order', id: terms.order });
  return registry.store.transaction(() => {
    mustBeNew(registry, devices);
    const covered = order === null ? [] : devices.filter(({ device }) => registry.devices.isCovered(device, order));
    if (order !== null && covered.length < devices.length) {
      const stranger = devices.find((one) => !covered.includes(one));
      throw new Failure('INVALID_INPUT', {
        field: 'order',
        problem: `${order.id} makes devices “${order.tenant}/${order.idPrefix}…”; ${stranger?.device ?? ''} is none of them`,
      });
    }
    if (!terms.dryRun) for (const device of devices) registry.devices.add(device, order?.id ?? null, terms.actor);
    return { count: devices.length, covered: covered.length };
  });
}

interface Decision {
  readonly verdict: 'APPROVED' | 'REFUSED';
  readonly reason: string;
  readonly actor: string;
}

/** An officer's word on devices that wait, all or none. NOT_FOUND; DEVICE_DECIDED for one that it is too late for. */
export function decideDevices(registry: Registry, devices: readonly string[], { verdict, reason, actor }: Decision): DeviceRow[] {
  return registry.store.transaction(() =>
    [...new Set(devices)].map((device) => {
      const row = registry.devices.get(device);
      if (row === null) throw new Failure('NOT_FOUND', { kind: 'device', id: device });
      // A refusal can be taken back, for nothing was issued; what was approved may have a certificate, and that is revoked.
      const open = row.state === 'PENDING' || (row.state === 'REFUSED' && verdict === 'APPROVED');
      if (!open) throw new Failure('DEVICE_DECIDED', { device, state: row.state });
      registry.devices.decide(device, verdict, reason, actor);
      return unwrap(registry.devices.get(device), 'it is registered');
    }),
  );
}
