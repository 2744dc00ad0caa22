import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { lastCallFile, lastCallText, readLastCall, whySignerDied } from '../../../src-main/service-host/index.ts';

const dir = mkdtempSync(join(tmpdir(), 'birthmark-last-call-'));
const file = lastCallFile(dir);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

test.each([
  { method: 'C_Sign', hungMs: null },
  { method: 'C_GenerateKeyPair', hungMs: 300_000 },
])('what was written of %j is what is read', (call) => {
  writeFileSync(file, lastCallText(call));
  expect(readLastCall(file)).toEqual(call);
});

test('a call that did not return is TOKEN_HUNG by name, anything else a crash that names the last call', () => {
  writeFileSync(file, lastCallText({ method: 'C_Login', hungMs: 15_000 }));
  expect(whySignerDied(dir)).toMatchObject({ code: 'TOKEN_HUNG', params: { method: 'C_Login', ms: 15_000 } });
  writeFileSync(file, lastCallText({ method: 'C_Login', hungMs: null }));
  expect(whySignerDied(dir)).toMatchObject({ code: 'SERVICE_CRASHED', detail: 'the module was last asked for C_Login' });
  for (const method of ['load', 'C_Initialize']) {
    writeFileSync(file, lastCallText({ method, hungMs: null }));
    expect(whySignerDied(dir)).toMatchObject({ code: 'MODULE_CRASHED', params: { method } });
  }
});

test.each([[''], ['\0\0\0'], ['C_Login hung soon']])('of a file that says %j nothing is made up', (text) => {
  writeFileSync(file, text);
  expect(readLastCall(file)).toBeNull();
  expect(whySignerDied(dir)).toMatchObject({ code: 'SERVICE_CRASHED', detail: undefined });
});

test('without a file the signer just crashed', () => {
  expect(lastCallFile(dir, true)).not.toBe(file);
  expect(whySignerDied(join(dir, 'nowhere'))).toMatchObject({ code: 'SERVICE_CRASHED', params: { service: 'signer' } });
});
