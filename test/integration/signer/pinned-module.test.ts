import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ModuleConfig, TokenRef } from '../../../src-main/contract/index.ts';
import { PinnedModule } from '../../../src-main/signer/pinned-module.ts';
import { makeTokenFolder, type TokenFolder } from '../../support/token.ts';
import { failureOf, issueTerms, makeHierarchy, SignerBench } from '../../support/signer.ts';

let folder: TokenFolder;
let bench: SignerBench;
let token: TokenRef;
/** A library of the attacker's: it leaves a file behind when it is loaded. */
let evil: ModuleConfig;
const ran = (): boolean => existsSync(join(folder.dir, 'ran'));
const newSigner = (more: { readonly inspecting?: boolean } = {}): SignerBench =>
  new SignerBench({ folder, pinned: { path: join(folder.dir, 'module.json'), dataDir: folder.dir }, ...more });

beforeEach(async () => {
  folder = makeTokenFolder();
  const [source, library] = [join(folder.dir, 'evil.c'), join(folder.dir, 'evil.so')];
  writeFileSync(source, `#include <fcntl.h>\n__attribute__((constructor)) void run(void) { open("${folder.dir}/ran", O_CREAT, 0600); }\n`);
  execFileSync('cc', ['-shared', '-fPIC', '-o', library, source]);
  evil = { path: library, env: {} };
  bench = newSigner();
  await bench.start();
  token = await bench.makeToken();
});
afterEach(async () => {
  await bench.stop();
});

it('no other library is loaded once a PIN was given, nor after a new start of the signer', async () => {
  const made = await makeHierarchy(bench, token);
  expect((await failureOf(bench.client('module.use', { module: evil, watch: null }))).code).toBe('MODULE_NOT_ALLOWED');
  await bench.service.close();
  bench = newSigner();
  expect((await failureOf(bench.client('module.use', { module: evil, watch: null }))).code).toBe('MODULE_NOT_ALLOWED');
  expect(ran()).toBe(false);
  await bench.start();
  await bench.openSession(issueTerms(bench, token, made.issuer));
});

it('the same library with other settings is another module', async () => {
  await makeHierarchy(bench, token);
  const env = { SOFTHSM2_CONF: '/tmp/attacker.conf' };
  const other = bench.client('module.use', { module: { ...folder.module, env }, watch: null });
  expect((await failureOf(other)).code).toBe('MODULE_NOT_ALLOWED');
});

it('a variable that is none of a module is refused', async () => {
  for (const name of ['OPENSSL_CONF', 'LD_PRELOAD', 'NODE_OPTIONS', 'PATH', 'GIO_MODULE_DIR']) {
    const asked = bench.client('module.use', { module: { ...folder.module, env: { [name]: 'x' } }, watch: null });
    expect((await failureOf(asked)).code).toBe('INVALID_INPUT');
  }
});

it('a module that is not in use is only looked at by a process that is there for it', async () => {
  expect((await failureOf(bench.client('token.inspect', { module: evil }))).code).toBe('MODULE_NOT_ALLOWED');
  expect(ran()).toBe(false);
  expect(await bench.client('token.inspect', { module: folder.module })).toHaveLength(2);
  const inspecting = newSigner({ inspecting: true });
  expect((await failureOf(inspecting.client('token.inspect', { module: evil }))).code).toBe('MODULE_INVALID');
  expect(ran()).toBe(true);
  await inspecting.service.close();
});

it('a data folder may be moved; a file that is damaged allows nothing', () => {
  const [path, moved] = [join(folder.dir, 'pinned.json'), `${folder.dir}-moved`];
  const at = (dir: string): ModuleConfig => ({ path: '/usr/lib/module.so', env: { SOFTHSM2_CONF: join(dir, 'softhsm2.conf') } });
  PinnedModule.open(path, folder.dir).pin(at(folder.dir));
  expect(readFileSync(path, 'utf8')).not.toContain(folder.dir);
  PinnedModule.open(path, moved).mustBe(at(moved));
  expect(() => PinnedModule.open(path, moved).mustBe(at(folder.dir))).toThrow(expect.objectContaining({ code: 'MODULE_NOT_ALLOWED' }));
  renameSync(path, `${path}.whole`);
  writeFileSync(path, readFileSync(`${path}.whole`).subarray(0, 20));
  expect(() => PinnedModule.open(path, moved).mustBe(at(moved))).toThrow(expect.objectContaining({ code: 'MODULE_NOT_ALLOWED' }));
});
