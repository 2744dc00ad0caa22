import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { deviceProfileSchema, parseDeviceProfile, ShippedDeviceProfiles } from '../../../src-main/station/devices/index.ts';

const good = { name: 'x', driver: 'smp', baudRate: 115_200, keyAlgorithm: 'ec-p256' };
const text = (data: object): string => JSON.stringify(data, null, 2);

describe('device profiles', () => {
  test('each shipped one is right, under its name', () => {
    const profiles = new ShippedDeviceProfiles('resources');
    expect(profiles.names).toContain('zephyr-cred-load');
    expect(profiles.names.map((name) => profiles.get(name)?.name)).toEqual(profiles.names);
    expect(profiles.get('no-such')).toBeUndefined();
    expect(profiles.get('reference-agent')).toMatchObject({ driver: 'smp', baudRate: 115_200, keyAlgorithm: 'ec-p256', exchangeMs: 2000 });
  });

  test('the shipped schema is the one that the program checks', () => {
    expect(JSON.parse(readFileSync('resources/profiles/devices/device-profile.schema.json', 'utf8'))).toEqual(deviceProfileSchema());
  });

  test('times have defaults', () => {
    expect(parseDeviceProfile('x.json', text(good))).toEqual({
      ...good,
      key: 'device',
      exchangeMs: 2000,
      stepMs: 60_000,
      jobMs: 600_000,
      replugMs: 5000,
    });
  });

  test.each([
    ['an unknown key', { ...good, flowControl: 'xonxoff' }, 6, /flowControl/u],
    ['an unknown driver', { ...good, driver: 'magic' }, 3, /^driver/u],
    ['a speed of nothing', { ...good, baudRate: 0 }, 4, /^baudRate/u],
    ['a missing key', { ...good, keyAlgorithm: undefined }, 1, /^keyAlgorithm/u],
    ['a chain in DER', { ...good, driver: 'micropython', key: 'station', format: 'der' }, 7, /^format: a chain is lost in DER/u],
    ['another name than its file’s', { ...good, name: 'y' }, 2, /file’s name, x/u],
  ])('%s is refused with its line', (_, data, line, problem) => {
    expect(() => parseDeviceProfile('x.json', text(data))).toThrow(
      expect.objectContaining({
        code: 'PROFILE_INVALID',
        params: { file: 'x.json', line, problem: expect.stringMatching(problem) as string },
      }),
    );
  });

  test('what is not JSON is refused with its line', () => {
    expect(() => parseDeviceProfile('x.json', '{\n  "name": "x",\n  oops\n}')).toThrow(
      expect.objectContaining({
        code: 'PROFILE_INVALID',
        params: { file: 'x.json', line: 3, problem: expect.stringContaining('this is not JSON') as string },
      }),
    );
  });
});
