import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ModuleConfig, RebindTerms, TokenRef } from '../../../src-main/contract/index.ts';
import { PinnedModule } from '../../../src-main/signer/pinned-module.ts';
import { makeTokenFolder, type TokenFolder } from '../../support/token.ts';
import { failureOf, issueTerms, makeHierarchy, SignerBench, type Hierarchy } from '../../support/signer.ts';

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

describe('another module in its place', () => {
  let made: Hierarchy;
  let restored: ModuleConfig;
  beforeEach(async () => {
    made = await makeHierarchy(bench, token);
    // Where its vendor's restore put it: the same keys behind other settings.
    const conf = join(folder.dir, 'moved.conf');
    writeFileSync(conf, readFileSync(folder.module.env['SOFTHSM2_CONF'] ?? '', 'utf8'));
    restored = { ...folder.module, env: { SOFTHSM2_CONF: conf } };
  });
  const terms = (module: ModuleConfig, more: Partial<RebindTerms> = {}): RebindTerms => ({
    module,
    token,
    pinPad: false,
    keys: [{ key: made.issuer.proof.key, certificate: made.issuer.certificate }],
    operator: 'Olga',
    reason: 'the HSM broke',
    ...more,
  });
  const ask = async (asked: RebindTerms): Promise<string> => (await bench.client('token.requestRebind', asked)).requestId;
  const use = (module: ModuleConfig): Promise<unknown> => bench.client('module.use', { module, watch: token });

  it('is loaded on the word of an officer, who saw which it is, and then for good', async () => {
    const requestId = await ask(terms(restored));
    expect((await failureOf(use(restored))).code).toBe('MODULE_NOT_ALLOWED');
    expect(await bench.service.handle('pin.terms', { requestId })).toEqual({
      kind: 'rebind',
      module: restored,
      token,
      issuers: ['Test issuer 1'],
      operator: 'Olga',
      reason: 'the HSM broke',
    });
    expect(await bench.enterPin(requestId)).toBeNull();
    expect((await failureOf(use(folder.module))).code).toBe('MODULE_NOT_ALLOWED');
    await bench.service.close();
    bench = newSigner();
    await use(restored);
    await bench.openSession(issueTerms(bench, token, made.issuer));
  });

  it('is not loaded before the PIN, and not by the published one', async () => {
    const requestId = await ask(terms(evil));
    expect((await failureOf(bench.client('pin.tryOut', { requestId }))).code).toBe('PIN_REQUEST_UNKNOWN');
    expect(ran()).toBe(false);
    await bench.service.handle('pin.cancel', { requestId });
    expect(bench.seen.at(-1)).toMatchObject({ event: 'pin.gone', payload: { requestId, failure: { code: 'CANCELLED' } } });
  });

  it('does not take its place while a key is not proven there', async () => {
    const other = { ...made.issuer.proof.key, ckaId: '77' };
    const missing = await ask(terms(restored, { keys: [{ key: other, certificate: made.issuer.certificate }] }));
    expect((await failureOf(bench.enterPin(missing))).code).toBe('KEY_NOT_FOUND');
    expect(bench.seen.at(-1)).toMatchObject({ event: 'pin.gone', payload: { failure: { code: 'KEY_NOT_FOUND' } } });
    const foreign = terms(restored, { keys: [{ key: made.issuer.proof.key, certificate: made.root.certificate }] });
    expect((await failureOf(ask(foreign))).params['rule']).toMatch(/another key/u);
    expect((await failureOf(use(restored))).code).toBe('MODULE_NOT_ALLOWED');
    await use(folder.module);
    await bench.openSession(issueTerms(bench, token, made.issuer));
    expect((await failureOf(ask(terms(restored)))).code).toBe('SESSION_OPEN');
  });

  it('nor after a wrong PIN, which may be entered once more', async () => {
    const requestId = await ask(terms(restored));
    expect((await failureOf(bench.enterPin(requestId, '999999'))).code).toBe('PIN_WRONG');
    expect((await failureOf(use(restored))).code).toBe('MODULE_NOT_ALLOWED');
    expect(await bench.enterPin(requestId)).toBeNull();
    await use(restored);
  });
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
