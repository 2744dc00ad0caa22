import { expect, test } from 'vitest';
import { Failure, proofLevels } from '../../../src-main/contract/index.ts';
import type { UnitSession } from '../../../src-main/station/devices/index.ts';
import { planProof } from '../../../src-main/station/line/proof.ts';
import { thrownBy } from '../../support/thrown.ts';

const all: UnitSession['capabilities'] = { keyOnDevice: true, unread: [], possession: true, selfTest: true, lock: true };
const none: UnitSession['capabilities'] = { keyOnDevice: false, unread: 'all', possession: false, selfTest: false, lock: false };

test('a unit that can do everything is asked for everything, and nothing is missing', () => {
  expect(planProof(all, { key: 'device' })).toEqual({
    level: 'device-connected',
    gaps: [],
    readBack: true,
    possession: true,
    stationConnects: false,
    deviceConnects: true,
    broker: true,
    lock: true,
  });
});

test.each([
  ['no self test', { ...all, selfTest: false }, 'device', 'possession', ['own-connection']],
  ['no self test, key by the station', { ...all, selfTest: false }, 'station', 'station-connected', ['own-connection']],
  [
    'only a read-back, key by the station',
    { ...none, unread: [] },
    'station',
    'station-connected',
    ['possession', 'own-connection', 'lock'],
  ],
  ['nothing, key by the station', none, 'station', 'station-connected', ['read-back', 'possession', 'own-connection', 'lock']],
  [
    'a key and nothing to show for it',
    { ...none, keyOnDevice: true, unread: [] },
    'device',
    'written',
    ['possession', 'own-connection', 'lock'],
  ],
  ['a key that nobody gets out again', { ...all, unread: ['key'] }, 'device', 'device-connected', ['key-read-back']],
  ['no read-back', { ...all, unread: 'all' }, 'device', 'device-connected', ['read-back']],
  [
    'settings and anchors that nobody gets out',
    { ...all, unread: ['settings', 'trust-anchors'] },
    'device',
    'device-connected',
    ['trust-anchors-read-back', 'settings-read-back'],
  ],
  ['no challenge: its own connection shows the key', { ...all, possession: false }, 'device', 'device-connected', []],
] as const)('%s: the highest that can be had, and the rest is named', (_, can, key, level, gaps) => {
  expect(planProof(can, { key })).toMatchObject({ level, gaps });
});

test('a profile that needs less asks for less, and what was not asked is named', () => {
  expect(planProof(all, { key: 'device', proof: 'possession' })).toMatchObject({
    level: 'possession',
    gaps: ['own-connection'],
    deviceConnects: false,
    broker: true,
  });
  expect(planProof({ ...all, possession: false }, { key: 'station', proof: 'written' })).toMatchObject({
    level: 'written',
    gaps: ['possession', 'own-connection'],
    stationConnects: false,
    broker: false,
  });
});

test('a profile that needs more than the unit can give is refused before anything is made', () => {
  expect(() => planProof({ ...all, selfTest: false }, { key: 'device', proof: 'device-connected' })).toThrow(
    expect.objectContaining({ code: 'PROOF_IMPOSSIBLE', params: { needed: 'device-connected', possible: 'possession' } }),
  );
  expect(() => planProof(all, { key: 'device', proof: 'station-connected' })).not.toThrow();
  expect(() => planProof(none, { key: 'device' })).toThrow(expect.objectContaining({ code: 'KEY_NOT_ON_DEVICE' }));
  expect(() => planProof({ ...none, keyOnDevice: true }, { key: 'device' })).toThrow(expect.objectContaining({ code: 'UNVERIFIABLE' }));
});

test('whatever is asked for is never worth less than what the profile needs', () => {
  const bits = [false, true];
  for (const unread of ['all', ['certificate'], ['key'], []] as const)
    for (const possession of bits)
      for (const selfTest of bits)
        for (const key of ['device', 'station'] as const)
          for (const proof of proofLevels) {
            const enough = proofLevels.slice(0, proofLevels.indexOf(proof) + 1);
            let end: string | undefined;
            const thrown = thrownBy(() => {
              end = planProof({ keyOnDevice: true, lock: true, unread, possession, selfTest }, { key, proof }).level;
            });
            if (thrown instanceof Failure) end = thrown.code;
            expect([...enough, 'PROOF_IMPOSSIBLE', 'UNVERIFIABLE']).toContain(end);
          }
});
