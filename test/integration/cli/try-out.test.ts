import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
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

test('a list, then a whole work order is revoked: first shown, then done, and the broker refuses all of it', async () => {
  const revoke = async (...args: string[]): Promise<Record<string, unknown>> => {
    const result = await birthmark(['certificates', 'revoke', ...args, '--data', dir, '--json']);
    expect(result.code, result.stderr).toBe(0);
    return jsonOf(result);
  };
  const shown = await revoke('--order', 'WO-1', '--dry-run');
  expect(shown).toMatchObject({ count: 4, byStatus: { ACTIVE: 4 } });
  const everything = ['--issued-from', '2020-01-01T00:00+02:00', '--dry-run'];
  expect(Number((await revoke(...everything))['count'])).toBeGreaterThan(4);

  const list = join(dir, 'stolen.csv');
  writeFileSync(list, 'Device;Reason\r\nacme/WO-1-000002;keyCompromise\r\n');
  expect(await revoke('--csv', list)).toEqual({ verdict: 'PASS', revoked: 1, waiting: 0 });
  expect(await revoke('--order', 'WO-1', '--reason', 'superseded')).toEqual({ verdict: 'PASS', revoked: 3, waiting: 0 });
  expect(await revoke('--order', 'WO-1', '--dry-run')).toMatchObject({ count: 0, byStatus: { REVOKED: 4 } });
  const verified = await birthmark(['doctor', '--data', dir, '--json']);
  expect(verified.code, verified.stdout).toBe(0);
});

test('a profile of the station’s own: checked, kept, and what it says stands in the certificates', async () => {
  const file = join(dir, 'gateway.json');
  const text = (days: string): string =>
    `{
  "name": "gateway",
  "use": "device",
  "keyAlgorithms": ["ec-p256"],
  "validityDays": ${days},
  "maxValidityDays": 90,
  "commonName": "{tenant}/{device}",
  "organization": "Acme",
  "organizationalUnit": "Gateways",
  "uri": "urn:acme:{tenant}:{device}",
  "extendedKeyUsage": ["clientAuth"]
}
`;
  writeFileSync(file, text('100'));
  const bad = await birthmark(['profiles', 'lint', file]);
  expect(bad).toMatchObject({ code: 1, stdout: `${file}:5:3: error: validityDays: must not be more than maxValidityDays\n` });
  const refused = await birthmark(['profiles', 'add', file, '--data', dir, '--json']);
  expect(jsonOf(refused)).toMatchObject({ error: { code: 'PROFILE_INVALID', params: { line: 5 } } });

  writeFileSync(file, text('30'));
  for (let twice = 0; twice < 2; twice++) expect((await birthmark(['profiles', 'add', file, '--data', dir])).code).toBe(0);
  const [unit] = await made('provision', '--order', 'WO-G', '--tenant', 'acme', '--certificate-profile', 'gateway', '--count', '1');
  const out = join(dir, 'out');
  expect((await birthmark(['certificates', 'export', '--out', out, '--data', dir])).code).toBe(0);
  const name = readdirSync(join(out, 'certificates')).find((one) => one.startsWith('acme-WO-G')) ?? '';
  const shown = execFileSync('openssl', ['x509', '-in', join(out, 'certificates', name), '-noout', '-subject', '-ext', 'subjectAltName'], {
    encoding: 'utf8',
  });
  expect(shown).toContain(`subject=O = Acme, OU = Gateways, CN = ${unit?.device ?? ''}`);
  expect(shown).toContain(`URI:urn:acme:${unit?.device.replace('/', ':') ?? ''}`);

  writeFileSync(file, text('31'));
  const changed = await birthmark(['profiles', 'add', file, '--data', dir, '--json']);
  expect(jsonOf(changed)).toMatchObject({
    error: { code: 'PROFILE_INVALID', params: { problem: expect.stringContaining('already') as string } },
  });
});
