import { mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { watchPlaces, type PlugWatcher } from '../../../src-main/station/devices/index.ts';
import { PtyPeer } from '../../support/pty-peer.ts';

const disposables: (() => unknown)[] = [];
afterEach(async () => {
  for (const dispose of disposables.splice(0).reverse()) await dispose();
});

async function watched(): Promise<{ link: string; watcher: PlugWatcher; seen: string[] }> {
  const dir = mkdtempSync(join(tmpdir(), 'birthmark-plug-'));
  disposables.push(() => rmSync(dir, { recursive: true }));
  const places = [1, 2].map((slot) => ({ slot, path: join(dir, `slot-${slot}`) }));
  const watcher = await watchPlaces(places, { pollMs: 20 });
  disposables.push(() => watcher.close());
  const seen: string[] = [];
  watcher.on((slot, plugged) => seen.push(`${slot} ${plugged ? 'in' : 'out'}`));
  return { link: join(dir, 'slot-1'), watcher, seen };
}

async function peer(): Promise<PtyPeer> {
  const started = await PtyPeer.start('bridge');
  disposables.push(() => started.dispose());
  return started;
}

test('a link that appears, dangles and goes away is a unit plugged in and out', async () => {
  const { link, watcher, seen } = await watched();
  expect(watcher.isPlugged(1)).toBe(false);
  const unit = await peer();
  symlinkSync(unit.path, link);
  await expect.poll(() => seen).toEqual(['1 in']);
  expect(watcher.isPlugged(1)).toBe(true);
  await unit.hangUp();
  await expect.poll(() => seen).toEqual(['1 in', '1 out']);
  expect(watcher.isPlugged(1)).toBe(false);
  unlinkSync(link);
  expect(watcher.isPlugged(2)).toBe(false);
});

test('a link that is replaced between two looks is a unit taken out and another put in', async () => {
  const { link, seen } = await watched();
  const [first, second] = [await peer(), await peer()];
  symlinkSync(first.path, link);
  await expect.poll(() => seen).toEqual(['1 in']);
  symlinkSync(second.path, `${link}.new`);
  renameSync(`${link}.new`, link);
  await expect.poll(() => seen).toEqual(['1 in', '1 out', '1 in']);
});

test('a link that is made anew to the same port is the same: the unit was out', async () => {
  const { link, seen } = await watched();
  const unit = await peer();
  symlinkSync(unit.path, link);
  await expect.poll(() => seen).toEqual(['1 in']);
  symlinkSync(unit.path, `${link}.new`);
  renameSync(`${link}.new`, link);
  await expect.poll(() => seen).toEqual(['1 in', '1 out', '1 in']);
});

test('what is plugged in already is known when the watcher is there, and told to nobody', async () => {
  const unit = await peer();
  const watcher = await watchPlaces([{ slot: 3, path: unit.path }], { pollMs: 20 });
  disposables.push(() => watcher.close());
  const seen: number[] = [];
  watcher.on((slot) => seen.push(slot));
  expect(watcher.isPlugged(3)).toBe(true);
  await unit.hangUp();
  await expect.poll(() => seen).toEqual([3]);
});

test('a closed watcher says nothing more', async () => {
  const { link, watcher, seen } = await watched();
  watcher.close();
  const other = await watchPlaces([{ slot: 1, path: link }], { pollMs: 20 });
  disposables.push(() => other.close());
  const unit = await peer();
  symlinkSync(unit.path, link);
  await expect.poll(() => other.isPlugged(1)).toBe(true);
  expect(seen).toEqual([]);
});

test('a port that is no file is looked up in the system’s list', async () => {
  const watcher = await watchPlaces([{ slot: 1, path: 'COM-not-here' }], { pollMs: 20 });
  disposables.push(() => watcher.close());
  expect(watcher.isPlugged(1)).toBe(false);
});
