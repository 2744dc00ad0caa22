import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestRegistry } from '../../support/registry.ts';
import { thrownBy } from '../../support/thrown.ts';

let here: TestRegistry;
let heard: (readonly string[])[];
beforeEach(() => {
  here = new TestRegistry();
  heard = [];
  here.registry.certificates.listen((serials) => heard.push(serials));
});
afterEach(() => here.dispose());

test('whoever listens hears of all that one transaction brought into force, once it is durable', () => {
  const serials = [here.run().serial, here.run().serial];
  const { certificates, store } = here.registry;
  store.transaction(() => {
    for (const serial of serials) certificates.activate(serial, 'test');
    expect(heard).toEqual([]);
  });
  expect(heard).toEqual([serials]);
});

test('of what was taken back nobody hears', () => {
  const { serial } = here.run();
  const { certificates, store } = here.registry;
  thrownBy(() =>
    store.transaction(() => {
      certificates.activate(serial, 'test');
      throw new Error('no');
    }),
  );
  expect(heard).toEqual([]);
});
