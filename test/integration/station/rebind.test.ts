import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Failure, tryOutPin, type ModuleConfig, type PinTerms } from '../../../src-main/contract/index.ts';
import { failureOf } from '../../support/signer.ts';
import { TestStation } from '../../support/station.ts';
import { makeSoftHsmToken } from '../../support/token-made.ts';

const label = 'Birthmark try-out';
let station: TestStation;
let path: string;
let modules: { readonly restored: ModuleConfig; readonly empty: ModuleConfig };
const serials = { old: '', restored: '00112233aabbccdd', empty: '' };
let pin = tryOutPin;

/** What the officer was shown for each request, and how the signer refused the PIN. */
const shown: PinTerms[] = [];
const refusals: string[] = [];
async function answer(requestId: string): Promise<void> {
  shown.push(await station.call('pin.terms', { requestId }));
  try {
    await station.call('pin.enter', { requestId, pin: Buffer.from(pin) });
  } catch (thrown) {
    refusals.push(thrown instanceof Failure ? thrown.code : String(thrown));
    // Another try would be allowed; this officer gives up.
    if (refusals.at(-1) === 'PIN_WRONG') await station.call('pin.cancel', { requestId });
  }
}

/** A SoftHSM folder of its own, and how to load it. */
function folder(name: string): { conf: string; tokens: string; module: ModuleConfig } {
  const dir = join(station.dataDir, name);
  const [conf, tokens] = [join(dir, 'softhsm2.conf'), join(dir, 'tokens')];
  mkdirSync(tokens, { recursive: true });
  writeFileSync(conf, `directories.tokendir = ${tokens}\nobjectstore.backend = file\nlog.level = ERROR\n`);
  return { conf, tokens, module: { path, env: { SOFTHSM2_CONF: conf } } };
}

beforeAll(async () => {
  station = await TestStation.tryOut(1);
  serials.old = (await station.call('station.status', {})).token.view?.serial ?? '';
  path = ((await station.call('tokens.modules', {})).find(({ vendor }) => vendor.includes('SoftHSM')) ?? { path: '' }).path;
  // What a vendor's restore makes: the same keys in a token with another serial number.
  const restored = folder('restored-hsm');
  cpSync(join(station.dataDir, 'token', 'tokens'), restored.tokens, { recursive: true });
  for (const file of readdirSync(restored.tokens, { recursive: true, encoding: 'utf8' }).map((name) => join(restored.tokens, name))) {
    if (!statSync(file).isFile()) continue;
    writeFileSync(file, Buffer.from(readFileSync(file).toString('latin1').replaceAll(serials.old, serials.restored), 'latin1'));
  }
  const empty = folder('empty-hsm');
  serials.empty = makeSoftHsmToken(empty.conf, label, tryOutPin);
  modules = { restored: restored.module, empty: empty.module };
  station.on('pin.wanted', ({ requestId }) => void answer(requestId));
});
afterAll(() => station.dispose());

const rebind = (name: keyof typeof modules, more: { serial?: string } = {}): ReturnType<typeof station.call<'tokens.rebind'>> =>
  station.call('tokens.rebind', { module: modules[name], label, reason: 'the HSM broke', ...more });
const inUse = async (): Promise<string> => (await station.call('station.status', {})).token.view?.serial ?? '';

test('not while a session is open', async () => {
  expect(await failureOf(rebind('restored'))).toMatchObject({ code: 'SESSION_OPEN' });
  await station.call('sessions.close', {});
});

test('a token without the keys, one that is not there, and a wrong PIN change nothing', async () => {
  expect(await failureOf(rebind('empty'))).toMatchObject({ code: 'KEY_NOT_FOUND' });
  expect(await failureOf(rebind('restored', { serial: 'ffff' }))).toMatchObject({ code: 'TOKEN_UNKNOWN' });
  pin = '999999';
  expect(await failureOf(rebind('restored'))).toMatchObject({ code: 'CANCELLED' });
  expect(refusals).toEqual(['KEY_NOT_FOUND', 'PIN_WRONG']);
  pin = tryOutPin;
  expect(await inUse()).toBe(serials.old);
  await station.openSession();
  await station.call('sessions.close', {});
});

test('the old HSM is gone, and its restored copy has another serial number: proven, it takes its place for good', async () => {
  renameSync(join(station.dataDir, 'token', 'tokens'), join(station.dataDir, 'token', 'gone'));
  const { token, issuers } = await rebind('restored');
  expect(token.serial).toBe(serials.restored);
  expect(shown.at(-1)).toMatchObject({ kind: 'rebind', module: modules.restored, token, reason: 'the HSM broke' });
  expect(issuers).toHaveLength((await station.call('station.status', {})).issuers.length);
  await station.stop();
  await station.reopen();
  expect(await inUse()).toBe(serials.restored);
  await station.openSession();
  expect(await station.run(1)).toMatchObject({ state: 'PASS' });
  expect(await station.problems()).toEqual([]);
});
