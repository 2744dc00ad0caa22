import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstDevice, type OrderForm, orderOf } from '../../../src-renderer/features/line/order-form.ts';

const good: OrderForm = { id: ' WO-4711 ', tenant: 'acme', product: 'Thermo sensor T2', quantity: '250', idPrefix: 'T2-' };
const badIn = (change: Partial<OrderForm>): readonly string[] => [...orderOf({ ...good, ...change }).bad];

describe('the form of a new work order', () => {
  it('becomes an order with the profiles that the station has, without the blanks around it', () => {
    expect(orderOf(good).order).toEqual({
      id: 'WO-4711',
      tenant: 'acme',
      product: 'Thermo sensor T2',
      deviceProfile: 'reference-agent',
      certificateProfile: 'device',
      quantity: 250,
      idPrefix: 'T2-',
    });
    expect(firstDevice(good)).toBe('acme/T2-000001');
  });

  it('names the field that cannot be used', () => {
    expect(badIn({ id: 'WO 4711' })).toEqual(['id']);
    expect(badIn({ tenant: 'acme/eu' })).toEqual(['tenant']);
    expect(badIn({ product: '  ' })).toEqual(['product']);
    expect(badIn({ idPrefix: 'T2/' })).toEqual(['idPrefix']);
    for (const quantity of ['', ' ', '0', '-1', '1.5', '1,000', '1000001', 'many', 'NaN'])
      expect(badIn({ quantity })).toEqual(['quantity']);
  });

  it('refuses a prefix with which the name of the last device would not fit into a certificate', () => {
    const tenant = 'international-thermodynamics';
    expect(badIn({ tenant, idPrefix: 'x'.repeat(28) })).toEqual([]);
    expect(badIn({ tenant, idPrefix: 'x'.repeat(29) })).toEqual(['idPrefix']);
  });

  it('either makes an order or names a field, whatever is typed', () => {
    const text = fc.string({ maxLength: 70 });
    fc.assert(
      fc.property(text, text, text, text, text, (id, tenant, product, quantity, idPrefix) => {
        const { order, bad } = orderOf({ id, tenant, product, quantity, idPrefix });
        expect(order === null).toBe(bad.size > 0);
      }),
    );
  });
});
