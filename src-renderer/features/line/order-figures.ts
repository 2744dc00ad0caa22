import type { OrderProgress } from '../../../src-main/contract/models.ts';
import { count } from '../../lib/format.ts';

interface OrderFigures {
  readonly left: number;
  /** Percent with one decimal, null before the first verdict. */
  readonly yield: string | null;
  readonly rate: string | null;
  readonly minutesLeft: string | null;
  readonly shares: { readonly passed: number; readonly failed: number; readonly notVerified: number };
}

/** The figures of the header. Only passed units count as done; the shares never exceed the bar together. */
export function figuresOf({ order, passed, failed, notVerified, unitsPerHour, minutesLeft }: OrderProgress): OrderFigures {
  const judged = passed + failed;
  const whole = Math.max(order.quantity, passed + failed + notVerified);
  return {
    left: Math.max(0, order.quantity - passed - notVerified),
    yield: judged === 0 ? null : ((passed / judged) * 100).toFixed(1),
    rate: unitsPerHour === null ? null : count(Math.round(unitsPerHour)),
    minutesLeft: minutesLeft === null ? null : count(Math.ceil(minutesLeft)),
    shares: { passed: passed / whole, failed: failed / whole, notVerified: notVerified / whole },
  };
}
