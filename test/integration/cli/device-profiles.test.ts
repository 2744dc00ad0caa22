import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { birthmark, commandLine, jsonOf } from '../../support/birthmark.ts';
import { Gizmo } from '../../support/console/gizmo.ts';

const dir = mkdtempSync(join(tmpdir(), 'birthmark-howto-'));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** The profile that docs/device-profiles.md makes: its pieces, in their order, on the skeleton of `profiles new`. */
function fromHowTo(skeleton: string): string {
  const pieces = [...readFileSync('docs/device-profiles.md', 'utf8').matchAll(/```json\n([\s\S]*?)```/gu)].map(
    (match) => JSON.parse(`{${match[1] ?? ''}}`) as Record<string, unknown>,
  );
  expect(pieces.length).toBe(4);
  const profile = Object.assign(JSON.parse(skeleton) as Record<string, unknown>, ...pieces) as { install: object[] };
  const [certificate] = profile.install;
  const ca = JSON.parse(JSON.stringify(certificate).replaceAll('cert.pem', 'ca.pem').replaceAll('"certificate"', '"ca"')) as object;
  return JSON.stringify({ ...profile, install: [certificate, { ...ca, source: 'trust-anchors' }] }, null, 2);
}

test('the how-to leads to a profile that works, step by step, with a device that is in no shipped one', async () => {
  const unit = await new Gizmo().start();
  try {
    const file = join(dir, 'gizmo3.json');
    const begin = (): string =>
      execFileSync(process.execPath, [commandLine, 'profiles', 'new', 'gizmo3'], {
        cwd: dir,
        encoding: 'utf8',
        stdio: 'pipe',
      });
    expect(begin()).toContain('gizmo3.json: change it for your device');
    // What is there is not overwritten.
    expect(begin).toThrow(/FILE_EXISTS/u);
    expect(await birthmark(['profiles', 'lint', file])).toMatchObject({ code: 0 });

    writeFileSync(file, fromHowTo(readFileSync(file, 'utf8')));
    const linted = await birthmark(['profiles', 'lint', file]);
    expect(linted.code).toBe(0);
    expect(linted.stdout).toMatch(/^\S+:\d+:3: warning: no selfTest: the unit is not asked to connect to its broker\n$/u);
    // What the page shows is what comes, but for the times.
    const page = readFileSync('docs/device-profiles.md', 'utf8');
    expect(page).toContain(`\n${linted.stdout.replace(`${dir}/`, '')}`);

    const transcript = join(dir, 'gizmo3.jsonl');
    const tried = await birthmark(['profiles', 'try', file, '--port', unit.path, '--write', '--transcript', transcript, '--json']);
    expect(jsonOf(tried)).toMatchObject({ verdict: 'PASS', unit: { hardwareId: 'GZ3000117', model: 'Gizmo 3', firmware: '3.1' } });
    expect((jsonOf(tried)['steps'] as { step: string; result: string }[]).map(({ step, result }) => `${step} ${result}`)).toEqual(
      ['open', 'identify', 'key', 'install', 'read-back', 'possession', 'activate', 'erase'].map((step) => `${step} ok`),
    );
    expect(unit.files.size).toBe(0);
    for (const { step } of jsonOf(tried)['steps'] as { step: string }[]) expect(page).toMatch(new RegExp(`^${step} +\\d+ +ok$`, 'mu'));

    const played = await birthmark(['profiles', 'dry-run', file, '--transcript', transcript]);
    expect(played.code).toBe(0);
    for (const line of played.stdout.split('\n').filter((row) => /SECTION|open|possession|erase/u.test(row)))
      expect(page).toContain(line.trim());
    writeFileSync(file, readFileSync(file, 'utf8').replace('HASH ca.pem', 'SUM ca.pem'));
    const differs = await birthmark(['profiles', 'dry-run', file, '--transcript', transcript, '--json']);
    expect(differs.code).toBe(1);
    expect(JSON.stringify(jsonOf(differs))).toContain('the profile sends “SUM ca.pem”, where “HASH ca.pem” was sent');

    // And a unit that is not right fails by name.
    unit.faults.full = true;
    const full = await birthmark(['profiles', 'try', file, '--port', unit.path, '--write', '--json']);
    expect(jsonOf(full)).toMatchObject({ verdict: 'FAIL', error: { code: 'STORAGE_FULL' } });
    expect(full.code).toBe(6);
  } finally {
    await unit.dispose();
  }
});
