import type { OrderProgress } from '../../../src-main/contract/models.ts';
import { count } from '../../lib/format.ts';

interface OrderFigures {
  readonly left: number;
  /** Percent with one decimal, null before the first verdict. */
  readonly yield: string | null;
  readonly rate: string | null;
  readonly timeLeft: { readonly value: string; readonly unit: 'minutes' | 'hours' | 'days' } | null;
  readonly shares: { readonly passed: number; readonly failed: number; readonly notVerified: number };
}

const hour = 60;
const day = 24 * hour;

/** The biggest unit that still says enough: nobody reads 6,623 minutes. */
function timeLeft(minutes: number): NonNullable<OrderFigures['timeLeft']> {
  if (minutes <= 2 * hour) return { value: count(Math.ceil(minutes)), unit: 'minutes' };
  if (minutes <= 2 * day) return { value: count(Math.ceil(minutes / hour)), unit: 'hours' };
  return { value: count(Math.ceil(minutes / day)), unit: 'days' };
}

/** The figures of the header. Only passed units count as done; the shares never exceed the bar together. */
export function figuresOf({ order, passed, failed, notVerified, unitsPerHour, minutesLeft }: OrderProgress): OrderFigures {
  const judged = passed + failed;
  const whole = Math.max(order.quantity, passed + failed + notVerified);
  return {
    left: Math.max(0, order.quantity - passed - notVerified),
    yield: judged === 0 ? null : ((passed / judged) * 100).toFixed(1),
    rate: unitsPerHour === null ? null : count(Math.round(unitsPerHour)),
    timeLeft: minutesLeft === null ? null : timeLeft(minutesLeft),
    shares: { passed: passed / whole, failed: failed / whole, notVerified: notVerified / whole },
  };
}
