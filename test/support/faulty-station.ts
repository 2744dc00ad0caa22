import { Failure } from '../../src-main/contract/index.ts';
import { Operators } from '../../src-main/station/registry/operators.ts';
import { Runs } from '../../src-main/station/registry/runs.ts';

// A station service with a bug in `orders.list`, a failure with a cause in `orders.current`, one that nobody catches in `orders.choose`,
// and a library that prints what it was given when somebody signs in.
Runs.prototype.orders = () => {
  throw new TypeError('orders is not a list', { cause: new RangeError('below zero') });
};
const { order } = Runs.prototype;
Runs.prototype.order = function (this: Runs, id) {
  if (id === 'cause') throw new Failure('DISK_FULL', { path: '/data' }, new Error('no space left on device'));
  if (id === 'uncaught') setImmediate(() => void Promise.reject(new Error('nobody waits for this')));
  return order.call(this, id);
};
const { check } = Operators.prototype;
Operators.prototype.check = function (this: Operators, name, password) {
  process.stderr.write(`library: login of ${name} with ${password}\n`);
  return check.call(this, name, password);
};

await import('../../src-main/station/service.ts');
