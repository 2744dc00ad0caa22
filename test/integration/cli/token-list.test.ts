import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exitCodes } from '../../../src-main/contract/index.ts';
import { birthmark, jsonOf, type CliResult } from '../../support/birthmark.ts';
import { makeShimFolder } from '../../support/shim.ts';
import { makeNssDatabase, makeSoftHsmToken, softoknPath } from '../../support/token-made.ts';
import { makeTokenFolder, softhsmPath } from '../../support/token.ts';
import { TestStation } from '../../support/station.ts';

const folder = makeTokenFolder();
const shim = makeShimFolder();
const nss = makeNssDatabase('nss-pin-99');
const conf = folder.module.env?.['SOFTHSM2_CONF'] ?? '';
let serial: string;
beforeAll(() => {
  serial = makeSoftHsmToken(conf, 'Line 2', '482916');
});
afterAll(() => {
  folder.remove();
  shim.remove();
  rmSync(nss.dir, { recursive: true, force: true });
});

const tokens = (...args: string[]): Promise<CliResult> => birthmark(['tokens', 'list', '--json', ...args]);
const shimOptions = Object.entries(shim.module.env ?? {}).flatMap(([name, value]) => ['--module-env', `${name}=${value}`]);

test('of a module that is named, every token with what it is and what it can do', async () => {
  const soft = jsonOf(await tokens('--module', softhsmPath(), '--module-env', `SOFTHSM2_CONF=${conf}`));
  expect(soft).toMatchObject({
    modules: [
      {
        path: softhsmPath(),
        failure: null,
        tokens: expect.arrayContaining([
          expect.objectContaining({ label: 'Line 2', serial, initialised: true, pinState: 'ok', software: true, pinPad: false }),
        ]) as unknown,
      },
    ],
  });
  const [found] =
    (soft['modules'] as { tokens: { label: string; flags: string[]; algorithms: string[] }[] }[])[0]?.tokens.filter(
      ({ label }) => label === 'Line 2',
    ) ?? [];
  expect(found?.flags).toEqual(expect.arrayContaining(['CKF_LOGIN_REQUIRED', 'CKF_USER_PIN_INITIALIZED', 'CKF_TOKEN_INITIALIZED']));
  expect(found?.algorithms).toEqual(['ec-p256', 'ec-p384', 'rsa-2048', 'rsa-3072', 'rsa-4096']);
});

test('NSS needs its init string; without it the module says what is wrong', async () => {
  const named = jsonOf(await tokens('--module', softoknPath(), '--init-string', nss.initString));
  expect(JSON.stringify(named)).toContain('"label":"NSS Certificate DB"');
  const without = await tokens('--module', softoknPath());
  expect(without.code).toBe(exitCodes.TOKEN);
  expect(jsonOf(without)).toMatchObject({
    error: { code: 'MODULE_NOT_STARTED', params: { method: 'C_Initialize', ckr: 'CKR_ARGUMENTS_BAD' } },
  });
});

test('a library that ends the process when it is loaded is named for that', async () => {
  const [source, library] = [join(folder.dir, 'abort.c'), join(folder.dir, 'abort.so')];
  writeFileSync(source, '#include <stdlib.h>\n__attribute__((constructor)) void run(void) { abort(); }\n');
  execFileSync('cc', ['-shared', '-fPIC', '-o', library, source]);
  const result = await tokens('--module', library);
  expect(result.code).toBe(exitCodes.TOKEN);
  expect(jsonOf(result)).toMatchObject({ error: { code: 'MODULE_CRASHED', params: { method: 'load' } } });
});

test('without a name, all that are installed, whatever one of them does', async () => {
  const result = await tokens();
  expect(result.code).toBe(0);
  const names = (jsonOf(result)['modules'] as { path: string }[]).map(({ path }) => basename(path));
  expect(names).toEqual(expect.arrayContaining(['libsofthsm2.so', 'libsoftokn3.so']));
});

test('a module that takes the process down costs its own answer', async () => {
  shim.fault('crash C_GetTokenInfo');
  const result = await tokens('--module', shim.module.path, ...shimOptions);
  expect(result.code).toBe(exitCodes.INTERNAL);
  expect(jsonOf(result)).toMatchObject({
    error: { code: 'SERVICE_CRASHED', detail: expect.stringContaining('C_GetTokenInfo') as string },
  });
});

test('on a station: nothing is loaded while a session is open, nor for anybody but an officer', async () => {
  const station = await TestStation.tryOut(1);
  try {
    const module = { path: softhsmPath(), env: { SOFTHSM2_CONF: conf } };
    await expect(station.call('tokens.inspect', { module })).rejects.toMatchObject({ code: 'SESSION_OPEN' });
    await station.call('sessions.close', {});
    // The same library with other settings, and another one: each in a process of its own.
    expect((await station.call('tokens.inspect', { module })).length).toBeGreaterThan(0);
    expect((await station.call('tokens.inspect', { module: { path: softoknPath(), initString: nss.initString } })).length).toBeGreaterThan(
      0,
    );
    // The station's own token is none the worse for it.
    await station.openSession();
    expect((await station.run(1)).state).toBe('PASS');
    await station.call('operators.add', { name: 'Tim', role: 'technician' });
    await station.stop();
    const technician = new TestStation({ dataDir: station.dataDir, face: 'window', broker: false });
    await technician.call('operators.signIn', { name: 'Tim' });
    await expect(technician.call('tokens.inspect', { module })).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    await technician.stop();
  } finally {
    await station.dispose();
  }
});
