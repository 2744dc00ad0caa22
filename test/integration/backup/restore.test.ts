import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Restore, writeBackup } from '../../../src-main/station/backup/index.ts';
import { systemClock } from '../../../src-main/station/clock.ts';
import { openRegistry, takeDataFolder } from '../../../src-main/station/registry/index.ts';
import { TestRegistry } from '../../support/registry.ts';

const dir = mkdtempSync(join(tmpdir(), 'birthmark-restore-'));
const template = join(dir, 'template');
let path: string;
let later: number;
const child = resolve('test/support/restore-child.ts');

/** A registry with 20 certificates in its backup, and 5 more since. */
beforeAll(async () => {
  const made = new TestRegistry();
  const { registry } = made;
  registry.store.transaction(() => {
    registry.operators.add('Olga', 'officer', null, 'test');
    registry.operators.add('Otto', 'officer', 'correct horse', 'test');
    registry.operators.add('Tim', 'technician', null, 'test');
    registry.settings.set('records.station', 'aaaa0001');
  });
  registry.signIns.add({ name: 'Olga', role: 'officer', passwordSet: false }, 'window', 12);
  mkdirSync(join(made.dir, 'secrets'));
  writeFileSync(join(made.dir, 'secrets', 'observer.key.pem'), 'the key of then');
  for (let count = 0; count < 20; count++) made.run();
  const written = await writeBackup({ dataDir: made.dir, why: 'asked', by: 'test', now: Date.now(), mustGoOn: () => undefined });
  path = join(dir, 'backup.tar');
  copyFileSync(written.path, path);
  for (let count = 0; count < 5; count++) made.run();
  writeFileSync(join(made.dir, 'secrets', 'observer.key.pem'), 'the key of now');
  later = certificatesIn(made.dir);
  registry.close();
  cpSync(made.dir, template, { recursive: true });
  made.dispose();
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let copies = 0;
function copy(): string {
  const folder = join(dir, `copy-${String(copies++)}`);
  cpSync(template, folder, { recursive: true });
  return folder;
}
function certificatesIn(folder: string): number {
  const registry = openRegistry(folder, systemClock);
  try {
    return Number(registry.store.db.prepare('SELECT count(*) FROM certificates').pluck().get());
  } finally {
    registry.close();
  }
}
const code = (thrown: unknown): string => (thrown as { code?: string }).code ?? String(thrown);
async function restore(dataDir: string, name = 'Olga', password = ''): Promise<string | null> {
  const opened = await Restore.open({ dataDir, path, key: null, clock: systemClock });
  try {
    return opened.apply({ name, password });
  } finally {
    opened.close();
  }
}

test('it tells what would be missing, and a plan alone changes nothing', async () => {
  const folder = copy();
  const before = readdirSync(folder, { recursive: true }).sort();
  const opened = await Restore.open({ dataDir: folder, path, key: null, clock: systemClock });
  expect(opened.plan).toMatchObject({ replaces: 'whole', missing: { certificates: 5, devices: 5, revocations: 0 } });
  opened.close();
  expect(
    readdirSync(folder, { recursive: true })
      .filter((name) => !/^station\.(?:lock|pid|db-)/u.test(String(name)))
      .sort(),
  ).toEqual(before.filter((name) => !/^station\.(?:lock|pid|db-)/u.test(String(name))));
  expect(certificatesIn(folder)).toBe(later);
});

test('what was there is kept; who restored it is in the audit log; nobody is signed in any more', async () => {
  const folder = copy();
  const evidence = await restore(folder);
  expect(certificatesIn(folder)).toBe(20);
  expect(certificatesIn(evidence ?? '')).toBe(later);
  expect(readFileSync(join(folder, 'secrets', 'observer.key.pem'), 'utf8')).toBe('the key of then');
  expect(readFileSync(join(evidence ?? '', 'secrets', 'observer.key.pem'), 'utf8')).toBe('the key of now');
  const registry = openRegistry(folder, systemClock);
  expect(registry.store.db.prepare(`SELECT actor FROM audit WHERE action = 'backup.restore'`).pluck().all()).toEqual(['Olga']);
  expect(registry.store.db.prepare('SELECT count(*) FROM sign_ins').pluck().get()).toBe(0);
  expect(registry.store.auditProblems().problems).toEqual([]);
  expect(registry.settings.get('restored')).toMatchObject({ by: 'Olga', open: true });
  registry.close();
});

test.each([
  { who: 'a technician', name: 'Tim', password: '', expected: 'NOT_ALLOWED' },
  { who: 'nobody that the backup knows', name: 'Eve', password: '', expected: 'SIGN_IN_FAILED' },
  { who: 'an officer with a wrong password', name: 'Otto', password: 'wrong', expected: 'SIGN_IN_FAILED' },
])('$who restores nothing', async ({ name, password, expected }) => {
  const folder = copy();
  expect(await restore(folder, name, password).catch(code)).toBe(expected);
  expect([certificatesIn(folder), existsSync(join(folder, 'restoring.part'))]).toEqual([later, false]);
  expect(await restore(folder, 'Otto', 'correct horse')).not.toBeNull();
});

test('while a station runs, nothing is restored over it', async () => {
  const folder = copy();
  const running = takeDataFolder(folder);
  expect(await restore(folder).catch(code)).toBe('DATA_IN_USE');
  running.release();
  expect(certificatesIn(folder)).toBe(later);
});

test('the backup of another station is refused', async () => {
  const folder = copy();
  const registry = openRegistry(folder, systemClock);
  registry.settings.set('records.station', 'bbbb0002');
  registry.close();
  expect(await restore(folder).catch(code)).toBe('RESTORE_OTHER_STATION');
});

test('a damaged backup changes nothing', async () => {
  const folder = copy();
  const damaged = join(dir, 'damaged.tar');
  copyFileSync(path, damaged);
  truncateSync(damaged, 100_000);
  const opened = await Restore.open({ dataDir: folder, path: damaged, key: null, clock: systemClock }).catch(code);
  expect([opened, certificatesIn(folder)]).toEqual(['BACKUP_DAMAGED', later]);
});

test('kill -9 before any change to the disk: the folder is as before, or says that a restore is unfinished, and the next one is whole', async () => {
  const states = new Map<string, number>();
  const seen = (state: string): void => void states.set(state, (states.get(state) ?? 0) + 1);
  let at = 0;
  for (let signal: string | null = 'SIGKILL'; signal === 'SIGKILL';) {
    const folder = copy();
    const result = spawnSync(process.execPath, [child, folder, path, String(++at)], { encoding: 'utf8' });
    signal = result.signal;
    let state: string;
    try {
      state = String(certificatesIn(folder));
    } catch (thrown) {
      state = code(thrown);
    }
    seen(state);
    // Whatever it was killed at, the same restore comes through, and what was there first is kept.
    if (signal === 'SIGKILL') await restore(folder);
    expect(certificatesIn(folder)).toBe(20);
    const kept = readdirSync(join(folder, 'evidence')).map((name) => join(folder, 'evidence', name));
    const firsts = kept.filter((one) => existsSync(join(one, 'station.db')) && certificatesIn(one) === later);
    expect(firsts).toHaveLength(1);
    rmSync(folder, { recursive: true });
  }
  expect([...states.keys()].sort()).toEqual(['20', String(later), 'RESTORE_UNFINISHED']);
});

test('a disk that is too full for it is named, and the station is as it was', () => {
  const script = `mount -t tmpfs -o size="$4" none "$1" && cp -r "$2/." "$1" && "$3" "$5" "$1" "$6"; echo; ls "$1"`;
  const target = join(dir, 'full');
  mkdirSync(target);
  const size = spawnSync('du', ['-sk', template], { encoding: 'utf8' }).stdout.split('\t')[0];
  const room = (more: number): string => `${String(Number(size) + more)}k`;
  const run = (more: number): string[] =>
    spawnSync('unshare', ['-rm', 'sh', '-c', script, 'sh', target, template, process.execPath, room(more), child, path], {
      encoding: 'utf8',
    })
      .stdout.trim()
      .split('\n');
  for (const more of [40, 150, 300]) {
    const [verdict, ...files] = run(more);
    expect(verdict).toBe('failed DISK_FULL');
    expect(files).toContain('station.db');
    expect(files.filter((name) => /^rest|^evidence/u.test(name))).toEqual([]);
  }
  expect(run(100_000)[0]).toBe('restored');
});
