import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestRegistry } from '../../support/registry.ts';

let here: TestRegistry;
beforeEach(() => {
  here = new TestRegistry();
});
afterEach(() => here.dispose());

const keep = (key: string, value: string): void =>
  void here.registry.store.sql('INSERT INTO settings (key, value) VALUES (?, ?)').run(key, value);

test('what stands in the table is read into its type', () => {
  keep('tryOut', 'true');
  keep('brokerPort', '8883');
  keep('crlBase', 'http://crl.example');
  keep('slots', '[{"slot":1,"path":"/dev/ttyUSB0"}]');
  keep('module', '{"path":"/usr/lib/module.so","env":{"SOFTHSM2_CONF":"/etc/conf"}}');
  keep('broker.passwordPort', 'null');
  const { settings } = here.registry;
  expect(settings.get('tryOut')).toBe(true);
  expect(settings.get('brokerPort')).toBe(8883);
  expect(settings.must('crlBase')).toBe('http://crl.example');
  expect(settings.get('slots')).toEqual([{ slot: 1, path: '/dev/ttyUSB0' }]);
  expect(settings.get('module')).toEqual({ path: '/usr/lib/module.so', env: { SOFTHSM2_CONF: '/etc/conf' } });
  expect([settings.get('broker.passwordPort'), settings.get('order')]).toEqual([null, null]);
});

test('what is set is got back after a restart', () => {
  const { settings } = here.registry;
  settings.set('tryOut', false);
  settings.set('token', { label: 'Birthmark', serial: '01' });
  settings.set('broker.passwordPort', 8884);
  const again = here.reopen().settings;
  expect([again.get('tryOut'), again.get('token'), again.get('broker.passwordPort')]).toEqual([
    false,
    { label: 'Birthmark', serial: '01' },
    8884,
  ]);
});

test.each([
  ['slots', '[{"slot":"one"}]'],
  ['module', '{"path":'],
  ['tryOut', 'perhaps'],
] as const)('a setting %s that is “%s” is damage with a name, not a value', (key, value) => {
  keep(key, value);
  expect(() => here.registry.settings.get(key)).toThrow(expect.objectContaining({ code: 'DATA_DAMAGED' }) as Error);
});
