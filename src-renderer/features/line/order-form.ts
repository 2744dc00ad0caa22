import { DeviceName } from '../../../src-main/contract/ids.ts';
import { WorkOrder } from '../../../src-main/contract/models.ts';

/** What can be made today: the profiles that come with the station. */
export const profiles = { deviceProfile: 'reference-agent', certificateProfile: 'device' } as const;

/** The form as it is typed. */
export interface OrderForm {
  readonly id: string;
  readonly tenant: string;
  readonly product: string;
  readonly quantity: string;
  readonly idPrefix: string;
}
export type OrderField = keyof OrderForm;

/** The running number has six digits, and seven once a million units were made: the name must still fit then. */
const numbers = { first: '000001', longest: '1000000' } as const;

const isField = (name: unknown, form: OrderForm): name is OrderField => typeof name === 'string' && Object.hasOwn(form, name);

/** The form → a work order as the contract wants it, or the fields that cannot be used. */
export function orderOf(form: OrderForm): { readonly order: WorkOrder | null; readonly bad: ReadonlySet<OrderField> } {
  const quantity = form.quantity.trim() === '' ? Number.NaN : Number(form.quantity);
  const texts = { id: form.id.trim(), tenant: form.tenant.trim(), product: form.product.trim(), idPrefix: form.idPrefix.trim() };
  const parsed = WorkOrder.safeParse({ ...texts, ...profiles, quantity });
  const bad = new Set<OrderField>();
  for (const { path } of parsed.error?.issues ?? []) if (isField(path[0], form)) bad.add(path[0]);
  if (!bad.has('tenant') && !DeviceName.safeParse(`${texts.tenant}/${texts.idPrefix}${numbers.longest}`).success) bad.add('idPrefix');
  return parsed.success && bad.size === 0 ? { order: parsed.data, bad } : { order: null, bad };
}

/** The name of the first device, or null while tenant or prefix cannot be used. */
export function firstDevice(form: Pick<OrderForm, 'tenant' | 'idPrefix'>): string | null {
  const name = `${form.tenant.trim()}/${form.idPrefix.trim()}${numbers.first}`;
  return DeviceName.safeParse(name).success ? name : null;
}
