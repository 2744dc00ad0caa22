import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Failure } from '../../../src-main/contract/index.ts';
import { decideDevices, readDeviceList, registerDevices } from '../../../src-main/station/registration/index.ts';
import { order, TestRegistry } from '../../support/registry.ts';
import { TestLine } from '../../support/line.ts';
import { thrownBy } from '../../support/thrown.ts';

let here: TestRegistry;
beforeEach(() => {
  here = new TestRegistry();
});
afterEach(() => here.dispose());

const terms = { order: null, actor: 'Tom', dryRun: false };
const register = (csv: string, more: Partial<Parameters<typeof registerDevices>[2]> = {}) =>
  registerDevices(here.registry, readDeviceList(csv), { ...terms, ...more });
const state = (device: string) => here.registry.devices.get(device)?.state;
const officer = (verdict: 'APPROVED' | 'REFUSED') => ({ verdict, reason: 'seen by me', actor: 'Olga' });
function failureOf(work: () => unknown): Failure {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
  throw new Error('it did not fail');
}
const problemsOf = (work: () => unknown): string => {
  const { code, params } = failureOf(work);
  expect(code).toBe('LIST_INVALID');
  return String(params['problems']);
};

test('devices of a list wait for approval; those of a work order do not', () => {
  expect(register('device;hardware;model\r\nacme/T-1;HW-1;S1\r\nacme/T-2;;\r\n')).toEqual({ count: 2, covered: 0 });
  expect(here.registry.devices.get('acme/T-1')).toMatchObject({ hardwareId: 'HW-1', model: 'S1', state: 'PENDING', order: null });
  expect(here.registry.devices.get('acme/T-2')).toMatchObject({ hardwareId: null, state: 'PENDING' });
  expect(here.registry.devices.list({ search: '', limit: 10, state: 'PENDING' }).total).toBe(2);
  expect(register('device\nacme/S-77\n', { order: order.id })).toEqual({ count: 1, covered: 1 });
  expect(here.registry.devices.get('acme/S-77')).toMatchObject({ state: 'APPROVED', order: order.id, decidedBy: 'Tom' });
  expect(failureOf(() => register('device\nacme/S-78\nacme/T-9\n', { order: order.id })).params['problem']).toMatch(/acme\/T-9/u);
  expect(failureOf(() => register('device\nacme/S-79\n', { order: 'NONE' })).code).toBe('NOT_FOUND');
  expect([state('acme/S-78'), state('acme/S-79')]).toEqual([undefined, undefined]);
});

test('a list is all or nothing, and a dry run is nothing', () => {
  expect(register('device\nacme/T-1\n', { dryRun: true })).toEqual({ count: 1, covered: 0 });
  expect(state('acme/T-1')).toBeUndefined();
  register('device,hardware\nacme/T-1,HW-1\n');
  const problems = problemsOf(() => register('device,hardware\nacme/T-2,HW-2\nacme/T-1,\nacme/T-3,HW-1\nacme/T-4,HW-2\nacme/T-2,\n'));
  expect(problems).toMatch(/line 3: acme\/T-1 is registered already/u);
  expect(problems).toMatch(/line 4: hardware HW-1 is registered as acme\/T-1/u);
  expect(problems).toMatch(/line 5: HW-2 stands on line 2/u);
  expect(problems).toMatch(/line 6: acme\/T-2 stands on line 2/u);
  expect(state('acme/T-2')).toBeUndefined();
});

describe('what else is known of a device', () => {
  const fieldsOf = (device: string) => here.registry.devices.get(device)?.fields;
  const found = (search: string): string[] => here.registry.devices.list({ search, limit: 10 }).rows.map(({ device }) => device);
  const list = 'device,Name,location,batch\nacme/T-1,Gate 4,hall 3,7\nacme/T-2,,hall 10%,\n';

  test('comes from the columns of a list, the usual ones and those that are named; it is shown and found', () => {
    registerDevices(here.registry, readDeviceList(list, ['batch']), terms);
    expect(fieldsOf('acme/T-1')).toEqual({ name: 'Gate 4', location: 'hall 3', batch: '7' });
    expect(fieldsOf('acme/T-2')).toEqual({ location: 'hall 10%' });
    expect(found('hall 3')).toEqual(['acme/T-1']);
    expect(found('10%')).toEqual(['acme/T-2']);
    // The name of a field is not what is known of a device.
    expect(found('location')).toEqual([]);
  });

  test('a column of which nothing is known is refused by name, and nothing is registered', () => {
    expect(problemsOf(() => register(list))).toMatch(
      /line 1: nothing is known of the column “batch”; there are device, hardware, model, name/u,
    );
    expect(problemsOf(() => register('device,hardware_id\nacme/T-1,HW-1\n'))).toMatch(/“hardware_id”/u);
    expect(state('acme/T-1')).toBeUndefined();
  });

  test('a text that cannot be shown is refused with its line', () => {
    expect(problemsOf(() => register(`device,location\nacme/T-1,hall 3\nacme/T-2,${'x'.repeat(201)}\n`))).toMatch(/^line 3: location: /u);
  });

  test('changes with an audit line, and a field without a text is taken away', () => {
    register('device,location,firmware\nacme/T-1,hall 3,1.0\n');
    here.registry.devices.describe('acme/T-1', { firmware: '2.0', location: null, batch: '7' }, 'Tess');
    expect(fieldsOf('acme/T-1')).toEqual({ firmware: '2.0', batch: '7' });
    expect(failureOf(() => here.registry.devices.describe('acme/T-9', {}, 'Tess')).code).toBe('NOT_FOUND');
    const many = Object.fromEntries(Array.from({ length: 24 }, (_, index) => [`f${String(index)}`, 'x']));
    expect(failureOf(() => here.registry.devices.describe('acme/T-1', many, 'Tess')).code).toBe('INVALID_INPUT');
    expect(fieldsOf('acme/T-1')).toEqual({ firmware: '2.0', batch: '7' });
  });
});

describe('names that cannot be in a certificate or a topic are refused with their line', () => {
  test.each([
    ['acme', /line 3: “acme” is not a device/u],
    ['acme/..', /line 3/u],
    ['acme/a/b', /line 3/u],
    ['acme/+', /line 3/u],
    ['acme/#', /line 3/u],
    ['acme/ä', /line 3/u],
    [`acme/${'x'.repeat(60)}`, /longer than a common name/u],
    ['', /line 3/u],
  ])('%j', (device, problem) => {
    expect(problemsOf(() => register(`device,model\nacme/T-1,x\n${device},y\n`))).toMatch(problem);
    expect(state('acme/T-1')).toBeUndefined();
  });
  test('hardware ids and models with control characters or too long', () => {
    expect(problemsOf(() => register(`device,hardware\nacme/T-1,${'h'.repeat(65)}\n`))).toMatch(/line 2: .*hardware id/u);
    expect(problemsOf(() => register('device,hardware\nacme/T-1,"a\u0007b"\n'))).toMatch(/line 2: .*hardware id/u);
    expect(problemsOf(() => register(`device,model\nacme/T-1,${'m'.repeat(65)}\n`))).toMatch(/line 2: the model/u);
  });
});

test('an officer approves or refuses, all or none, with a reason in the audit log; a refusal can be taken back, an approval cannot', () => {
  const { registry } = here;
  register('device\nacme/T-1\nacme/T-2\nacme/T-3\n');
  expect(failureOf(() => decideDevices(registry, ['acme/T-1', 'acme/X'], officer('APPROVED'))).code).toBe('NOT_FOUND');
  expect(state('acme/T-1')).toBe('PENDING');
  decideDevices(registry, ['acme/T-1', 'acme/T-1'], officer('APPROVED'));
  expect(registry.devices.get('acme/T-1')).toMatchObject({ state: 'APPROVED', decidedBy: 'Olga', reason: 'seen by me' });
  expect(failureOf(() => decideDevices(registry, ['acme/T-2', 'acme/T-1'], officer('REFUSED')))).toMatchObject({
    code: 'DEVICE_DECIDED',
    params: { device: 'acme/T-1', state: 'APPROVED' },
  });
  expect(state('acme/T-2')).toBe('PENDING');
  decideDevices(registry, ['acme/T-2'], officer('REFUSED'));
  expect(failureOf(() => decideDevices(registry, ['acme/T-2'], officer('REFUSED'))).code).toBe('DEVICE_DECIDED');
  expect(failureOf(() => registry.devices.mustBeApproved('acme/T-2'))).toMatchObject({
    code: 'DEVICE_NOT_WANTED',
    params: { by: 'Olga', reason: 'seen by me' },
  });
  expect(failureOf(() => registry.devices.mustBeApproved('acme/T-3')).code).toBe('DEVICE_PENDING');
  decideDevices(registry, ['acme/T-2'], officer('APPROVED'));
  const lines = registry.store.db
    .prepare(`SELECT action, subject FROM audit WHERE action IN ('device.approve','device.refuse') ORDER BY seq`)
    .all();
  expect(lines).toEqual([
    { action: 'device.approve', subject: 'acme/T-1' },
    { action: 'device.refuse', subject: 'acme/T-2' },
    { action: 'device.approve', subject: 'acme/T-2' },
  ]);
});

test('the database itself gives no certificate to a device that nobody approved', () => {
  register('device\nacme/T-1\nacme/T-2\n');
  decideDevices(here.registry, ['acme/T-2'], officer('REFUSED'));
  for (const device of ['acme/T-1', 'acme/T-2']) expect(() => here.reserve(device)).toThrow(/not approved/u);
  decideDevices(here.registry, ['acme/T-1'], officer('APPROVED'));
  expect(() => here.reserve('acme/T-1')).not.toThrow();
});

test('on the line a unit that waits is let through by the work order that makes it, and by no other', async () => {
  const line = new TestLine();
  const { registry } = line.here;
  const add = (device: string, hardwareId: string) => registerDevices(registry, [{ device, hardwareId, model: '', line: null }], terms);
  try {
    add('acme/S-000901', 'HW-1');
    expect((await line.run()).state).toBe('PASS');
    expect(registry.devices.get('acme/S-000901')).toMatchObject({
      state: 'APPROVED',
      order: order.id,
      model: 'S1',
      reason: `work order ${order.id}`,
    });

    add('acme/GW-1', 'HW-2');
    line.plug(false);
    line.unit = { ...line.unit, hardwareId: 'HW-2' };
    const waits = await line.run();
    expect([waits.state, waits.failure?.code]).toEqual(['FAIL', 'DEVICE_PENDING']);
    decideDevices(registry, ['acme/GW-1'], officer('REFUSED'));
    line.line.retry(1, 'Tess');
    expect((await line.ended()).failure?.code).toBe('DEVICE_NOT_WANTED');
    expect(registry.certificates.select({ device: 'acme/GW-1' })).toEqual([]);
    decideDevices(registry, ['acme/GW-1'], officer('APPROVED'));
    line.line.retry(1, 'Tess');
    expect((await line.ended()).state).toBe('PASS');
  } finally {
    line.here.dispose();
  }
});

test('a unit that was registered ahead of time but has somebody else’s identity is a question', async () => {
  const line = new TestLine();
  try {
    registerDevices(line.here.registry, [{ device: 'acme/S-1', hardwareId: 'HW-1', model: '', line: null }], terms);
    line.unit = { ...line.unit, provisioned: true };
    expect((await line.run()).state).toBe('HAS_IDENTITY');
  } finally {
    line.here.dispose();
  }
});

test('whatever stands in a list, it registers everything or nothing and throws nothing but failures', () => {
  const cell = fc.oneof(fc.constantFrom('acme/T-1', 'acme/T-2', 'HW-1', '', '"', '\u0000', 'x/y'), fc.string({ maxLength: 12 }));
  const text = fc
    .array(fc.array(cell, { minLength: 1, maxLength: 3 }), { maxLength: 5 })
    .map((rows) => rows.map((row) => row.join(',')).join('\n'));
  fc.assert(
    fc.property(text, (rows) => {
      const before = here.registry.devices.list({ search: '', limit: 1 }).total;
      let count = 0;
      const thrown = thrownBy(() => ({ count } = register(`device,hardware,model\n${rows}`)));
      expect([undefined, 'LIST_INVALID']).toContain(thrown instanceof Failure ? thrown.code : thrown);
      expect(here.registry.devices.list({ search: '', limit: 1 }).total).toBe(before + count);
    }),
    { numRuns: 300 },
  );
});
