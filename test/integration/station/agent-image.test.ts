import { mkdirSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openUnit } from '../../../src-main/station/devices/index.ts';
import { referenceProfile } from '../../support/agent.ts';
import { EmulatedBoard } from '../../support/qemu.ts';
import { TestStation } from '../../support/station.ts';

let station: TestStation;
const board = EmulatedBoard.agent('AN385-0001');
beforeAll(async () => {
  station = await TestStation.tryOut(1);
  await board.start();
});
afterAll(async () => {
  await board.dispose();
  await station.dispose();
});

test('the agent as firmware of an emulated board is provisioned over its UART: key, request, certificate, possession, lock', async () => {
  const id = 'WO-1';
  const profile = 'reference-agent';
  const order = { id, tenant: 'acme', product: 'p', deviceProfile: profile, certificateProfile: 'device', quantity: 1, idPrefix: 'WO-1-' };
  await station.call('orders.create', order);
  await station.call('orders.choose', { id });
  const [place] = await station.call('line.slots', {});
  const ended = station.waitFor('slot.changed', ({ run, state }) => run !== null && state !== 'RUNNING' && state !== 'READY');
  mkdirSync(dirname(place?.path ?? ''), { recursive: true });
  symlinkSync(board.path, place?.path ?? '');
  const slot = await ended;
  expect(slot).toMatchObject({
    state: 'PASS',
    failure: null,
    proofLevel: 'possession',
    gaps: ['own-connection'],
    unit: { hardwareId: 'AN385-0001', model: 'MPS2 AN385' },
  });
  const steps = slot.steps.map(({ step }) => step);
  expect(steps).toEqual(['identify', 'register', 'key', 'csr', 'certificate', 'install', 'read-back', 'possession', 'access', 'lock']);
  expect(await station.problems()).toEqual([]);

  // Another station would find it so.
  const signal = AbortSignal.timeout(referenceProfile.jobMs);
  const session = await openUnit({ path: board.path, profile: referenceProfile, signal });
  try {
    expect(await session.identify({ signal })).toMatchObject({ hardwareId: 'AN385-0001', locked: true, provisioned: true });
    await expect(session.erase({ signal })).rejects.toMatchObject({ code: 'LOCKED' });
  } finally {
    await session.close();
  }
});
