import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { birthmark, jsonOf } from '../../support/birthmark.ts';

const dir = mkdtempSync(join(tmpdir(), 'birthmark-try-out-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

interface Units {
  readonly units: readonly { readonly device: string; readonly verdict: string }[];
}

/** What a command made on the try-out station in `dir`, in the order of the device ids. */
async function made(...args: string[]): Promise<Units['units']> {
  const result = await birthmark([...args, '--data', dir, '--json']);
  expect(result.code, result.stderr).toBe(0);
  return [...(jsonOf(result) as unknown as Units).units].sort((a, b) => a.device.localeCompare(b.device));
}

test('units that an earlier command left in the slots are not taken for those that are to be made', async () => {
  expect(await made('demo', '--units', '2', '--parallel', '2')).toHaveLength(2);
  const order = ['--order', 'WO-1', '--tenant', 'acme', '--quantity', '9'];
  for (const [count, from] of [
    [1, 1],
    [3, 2],
  ] as const) {
    const expected = Array.from({ length: count }, (_, index) => ({ device: `acme/WO-1-00000${String(from + index)}`, verdict: 'PASS' }));
    expect(await made('provision', ...order, '--count', String(count))).toMatchObject(expected);
  }
  expect((await made('demo', '--units', '2', '--parallel', '2')).map(({ verdict }) => verdict)).toEqual(['PASS', 'PASS']);
});
