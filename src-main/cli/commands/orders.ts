import { exitCodes, type OrderProgress } from '../../contract/index.ts';
import type { CommandContext } from '../context.ts';
import { printRows, tableOf, type Column } from '../rows.ts';
import type { StationProcess } from '../station-process.ts';
import { wholeNumber } from '../values.ts';

const columns: readonly Column<OrderProgress>[] = [
  { title: 'ORDER', of: ({ order }) => order.id },
  { title: 'TENANT', of: ({ order }) => order.tenant },
  { title: 'PRODUCT', of: ({ order }) => order.product },
  { title: 'DEVICE PROFILE', of: ({ order }) => order.deviceProfile },
  { title: 'CERTIFICATE PROFILE', of: ({ order }) => order.certificateProfile },
  { title: 'QUANTITY', of: ({ order }) => order.quantity },
  { title: 'PASSED', of: ({ passed }) => passed },
  { title: 'FAILED', of: ({ failed }) => failed },
  { title: 'NOT VERIFIED', of: ({ notVerified }) => notVerified },
];

export async function listOrders(context: CommandContext): Promise<number> {
  const station = context.start({ broker: false, line: 'off' });
  await printRows(context, columns, await station.call('orders.list', {}));
  return exitCodes.OK;
}

export async function createOrder(context: CommandContext): Promise<number> {
  const order = orderOf(context, {
    id: context.values.word,
    tenant: context.values.needed('tenant'),
    quantity: quantityOf(context.values.needed('quantity')),
  });
  return show(context, await context.start({ broker: false, line: 'off' }).call('orders.create', order));
}

export async function chooseOrder(context: CommandContext): Promise<number> {
  const station = context.start({ broker: false, line: 'off' });
  return show(context, await station.call('orders.choose', { id: context.values.word }));
}

function show(context: CommandContext, progress: OrderProgress): number {
  context.output.result(progress, () => tableOf(columns, [progress]));
  return exitCodes.OK;
}

export const quantityOf = (text: string): number => wholeNumber('--quantity', text, { min: 1, max: 1_000_000 });

/** A new work order with what the options say and what is usual where they say nothing. */
export function orderOf(
  { values }: CommandContext,
  { id, tenant, quantity }: Pick<OrderProgress['order'], 'id' | 'tenant' | 'quantity'>,
): OrderProgress['order'] {
  return {
    id,
    tenant,
    quantity,
    product: values.text('product') ?? id,
    deviceProfile: values.text('device-profile') ?? 'reference-agent',
    certificateProfile: values.text('certificate-profile') ?? 'device',
    idPrefix: values.text('prefix') ?? `${id}-`,
  };
}

/** The work order with this id; null where there is none yet. */
export async function knownOrder(station: StationProcess, id: string): Promise<OrderProgress | null> {
  return (await station.call('orders.list', {})).find(({ order }) => order.id === id) ?? null;
}
