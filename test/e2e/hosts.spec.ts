import { execFileSync } from 'node:child_process';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Service } from '../../src-main/contract/index.ts';
import { appWithSqlite } from './support/app-copy.ts';
import { root, type App } from './support/app.ts';
import { expect, test } from './support/test.ts';

/** Which of the services' processes Electron runs itself. */
async function utilityProcesses(app: App): Promise<string[]> {
  const metrics = await app.electron.evaluate(({ app: electron }) => electron.getAppMetrics().map(({ pid, name }) => ({ pid, name })));
  const pids = [await app.servicePid('station'), await app.servicePid('signer')];
  return metrics.flatMap(({ pid, name }) => (pids.includes(pid) && name !== undefined ? [name] : [])).sort();
}

const realSqlite = JSON.stringify(join(root, 'node_modules', 'better-sqlite3'));
const testWithSqlite = (standIn: string): typeof test =>
  test.extend({
    appDir: async ({}, use) => {
      const folder = await appWithSqlite(standIn);
      await use(folder);
      await rm(folder, { recursive: true });
    },
  });

test.describe('with both services as utility processes', () => {
  const loads = testWithSqlite('module.exports = class Database { exec() {} pragma() { return []; } close() {} };');
  loads.use({ env: { BIRTHMARK_SERVICES: 'utility' } });

  loads('both answer, are started again when they are killed, and end with the window', async ({ app }) => {
    expect((await app.call('station.status', {})).phase).toBe('first-run');
    expect(await utilityProcesses(app)).toEqual(['Birthmark signer', 'Birthmark station']);
    for (const service of ['station', 'signer'] satisfies Service[]) {
      const before = await app.servicePid(service);
      process.kill(before, 'SIGKILL');
      await expect.poll(() => app.servicePid(service)).not.toBe(before);
      expect((await app.call('station.status', {})).phase).toBe('first-run');
    }
    expect(await utilityProcesses(app)).toEqual(['Birthmark signer', 'Birthmark station']);
    const pids = [await app.servicePid('station'), await app.servicePid('signer')];
    await app.close();
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});

const unloadable = {
  'ends the process': 'process.abort();',
  'is refused when it is first used':
    "module.exports = class { constructor() { throw Object.assign(new Error('made for another runtime'), { code: 'ERR_DLOPEN_FAILED' }); } };",
};
for (const [how, inElectron] of Object.entries(unloadable)) {
  const dies = testWithSqlite(`if (process.versions.electron) { ${inElectron} } else module.exports = require(${realSqlite});`);
  dies.describe(`a native module that ${how} in a utility process`, () => {
    dies.use({ env: { BIRTHMARK_SERVICES: 'utility' } });

    dies('the service runs on Node instead, the log says so, and the app works', async ({ app }) => {
      expect((await app.call('station.status', {})).phase).toBe('first-run');
      // The signer has a database as well.
      expect(await utilityProcesses(app)).toEqual([]);
      expect(await app.log()).toMatch(
        /station service ended before its first answer in a utility process \(.+\): started on Node instead/u,
      );
      expect(await app.log()).not.toContain('restarting');
    });
  });
}

test.describe('with a damaged database', () => {
  const damaged = testWithSqlite(
    "module.exports = class { constructor() { throw Object.assign(new Error('file is not a database'), { code: 'SQLITE_NOTADB' }); } };",
  );
  damaged.use({ env: { BIRTHMARK_SERVICES: 'utility' } });

  damaged('the station in its utility process answers every call with that', async ({ app }) => {
    await expect(app.call('station.status', {})).rejects.toMatchObject({ code: 'DATA_DAMAGED' });
    expect(await utilityProcesses(app)).toEqual(['Birthmark signer', 'Birthmark station']);
  });
});

/** What the Node of an Electron and this one have. Electron's is built with BoringSSL, which has less than OpenSSL. */
const has = "const c = require('crypto'); JSON.stringify([...c.getCiphers(), ...c.getHashes(), ...c.getCurves()])";
const algorithms = (executable: string): string[] =>
  JSON.parse(execFileSync(executable, ['-p', has], { encoding: 'utf8', env: { ...process.env, ELECTRON_RUN_AS_NODE: '1' } })) as string[];

/** Tables of what certificates of others may have; nothing is computed with these names. */
const namesToShow = ['algorithm-names.ts'];

test('the services name no cipher, hash or curve that plain Node has and Electron lacks', async () => {
  const electron = algorithms(process.env['BIRTHMARK_ELECTRON'] ?? '');
  // Names like sha256WithRSAEncryption stand in certificates; as hashes they are doubles.
  const plain = algorithms(process.execPath).filter((name) => !/with/iu.test(name));
  const onlyNode = new Set(plain.filter((name) => !electron.includes(name)));
  expect(onlyNode).toContain('chacha20-poly1305');
  for (const part of ['station', 'signer', 'der', 'service-host']) {
    const folder = join(root, 'src-main', part);
    const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.ts') && !namesToShow.includes(file));
    expect(files).not.toEqual([]);
    for (const file of files) {
      const quoted = [...(await readFile(join(folder, file), 'utf8')).matchAll(/'([\w-]+)'/gu)].map(([, word]) => word ?? '');
      expect(
        quoted.filter((word) => onlyNode.has(word)),
        file,
      ).toEqual([]);
    }
  }
});
