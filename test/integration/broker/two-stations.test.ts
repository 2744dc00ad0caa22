import { randomBytes } from 'node:crypto';
import { watch } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readCrls } from '../../../src-main/station/broker/index.ts';
import { HostFolder, type Upload } from '../../support/host-folder.ts';
import { TestPki } from '../../support/mosquitto.ts';
import { TestCa } from '../../support/pki.ts';

/** Two stations on one host, through its own script; a whole set of files is what Mosquitto would read at any moment. */
const pki = new TestPki();
const issuers = { 'line-1': pki.issuer, 'line-2': new TestCa('Issuer 2', pki.root) } as const;
type Station = keyof typeof issuers;
const stations = Object.keys(issuers) as Station[];
/** More by hand: BIRTHMARK_ROUNDS=500. */
const rounds = Number(process.env['BIRTHMARK_ROUNDS'] ?? 10);

let here: HostFolder;
beforeEach(() => {
  here = new HostFolder(pki.root.certificatePem, stations);
});
afterEach(() => here.remove());

const newSerial = (): string => `20${randomBytes(8).toString('hex').toUpperCase()}`;
const files = (station: Station, number: number, revoked: readonly string[]): Upload => ({
  'crl.pem': issuers[station].crl({ number, revoked }),
  'client-cas.pem': pki.root.certificatePem + issuers[station].certificatePem,
  'access-list': `user ${station}/a\ntopic readwrite tenant/${station}/device/a/#\n`,
  'password-file': '',
  expired: '',
});

/** What is in force, by station; throws for a text that is not whole. */
function inForce(): Map<Station, { number: number; serials: Set<string> }> {
  const text = here.inForce('crl.pem');
  const lists = readCrls(text);
  const found = new Map<Station, { number: number; serials: Set<string> }>();
  for (const crl of lists) {
    const station = stations.find((one) => Buffer.from(crl.issuer).includes(issuers[one].name));
    if (station === undefined) continue;
    expect(found.has(station)).toBe(false);
    found.set(station, { number: crl.number, serials: new Set(Array.from(crl.entries(), ({ serial }) => serial)) });
  }
  return found;
}

test(`publishing at once, ${String(rounds)} rounds: never a number backwards, never an entry lost, always whole`, async () => {
  const revoked: Record<Station, string[]> = { 'line-1': [], 'line-2': [] };
  const before = new Map<Station, number>();
  let looks = 0;
  let wrong: unknown = null;
  const look = (): void => {
    looks += 1;
    for (const [station, { number, serials }] of inForce()) {
      expect(number).toBeGreaterThanOrEqual(before.get(station) ?? 0);
      before.set(station, number);
      expect(serials).toEqual(new Set(revoked[station].slice(0, number)));
    }
  };
  const watcher = watch(here.install, () => {
    try {
      look();
    } catch (error) {
      wrong ??= error;
    }
  });
  const outdated: unknown[] = [];
  let stale: Partial<Record<Station, Upload>> = {};
  for (let round = 1; round <= rounds; round++) {
    const publishing = stations.map(async (station) => {
      revoked[station].push(newSerial());
      const upload = files(station, round, revoked[station]);
      const id = here.upload(station, upload);
      expect(await here.run(station, 'publish', id)).toMatchObject({ code: 0 });
      return [station, upload] as const;
    });
    const published = await Promise.all(publishing);
    look();
    for (const station of stations) expect(inForce().get(station)).toMatchObject({ number: round });
    for (const station of stations) expect(here.inForce('access-list')).toContain(`user ${station}/a\n`);
    // Now and then one of them comes with what it had before.
    const [late, theirs] = [stations[round % 2] ?? 'line-1', stale[stations[round % 2] ?? 'line-1']];
    if (theirs !== undefined && round % 5 === 0) outdated.push(await here.run(late, 'publish', here.upload(late, theirs)));
    stale = Object.fromEntries(published);
  }
  watcher.close();
  expect(outdated.length).toBeGreaterThan(0);
  for (const answer of outdated) expect(answer).toMatchObject({ code: 65, complaint: expect.stringContaining('is older than') as string });
  expect(wrong).toBeNull();
  expect(looks).toBeGreaterThan(rounds);
});

test('pending: what died between upload and publication is published in its order; what is refused does not come again', async () => {
  const first = here.upload('line-1', files('line-1', 1, ['2001']));
  const second = here.upload('line-1', files('line-1', 2, ['2001', '2002']));
  const broken = here.upload('line-1', { ...files('line-1', 3, []), 'crl.pem': 'half' });
  here.upload('line-2', files('line-2', 1, ['3001']));
  expect(await here.run('line-1', 'pending')).toMatchObject({ code: 0 });
  expect(inForce().get('line-1')).toMatchObject({ number: 2 });
  // The other station's is its own unit's work.
  expect(inForce().get('line-2')).toBeUndefined();
  for (const id of [first, second, broken]) expect(await here.run('line-1', 'pending', id)).toMatchObject({ code: 0 });
  // A station that comes back asks for its own again: the one in force is no mistake, an older one is.
  expect(await here.run('line-1', 'publish', second)).toMatchObject({ code: 0 });
  expect(await here.run('line-1', 'publish', first)).toMatchObject({ code: 65 });
  expect(await here.run('line-2', 'pending')).toMatchObject({ code: 0 });
  expect([...inForce().keys()].sort()).toEqual(stations);
});

test('killed before any of its commands that move or remove files: what is in force is whole and not older, and the next publication is as if nothing had been', async () => {
  const numbers = { 'line-1': 1, 'line-2': 1 };
  for (const station of stations)
    expect(await here.run(station, 'publish', here.upload(station, files(station, 1, ['2001'])))).toMatchObject({ code: 0 });
  let kills = 0;
  for (let at = 1; ; at++) {
    const before = inForce();
    const id = here.upload('line-1', files('line-1', numbers['line-1'] + 1, ['2001']));
    const killed = await here.killedAt(at, 'line-1', 'publish', id);
    const after = inForce();
    expect([...after.keys()].sort()).toEqual(stations);
    for (const station of stations) expect(after.get(station)?.number).toBeGreaterThanOrEqual(before.get(station)?.number ?? 0);
    // The other station's publication comes first: it must not take ours out.
    numbers['line-2'] += 1;
    const theirs = here.upload('line-2', files('line-2', numbers['line-2'], ['2001']));
    expect(await here.run('line-2', 'publish', theirs)).toMatchObject({ code: 0 });
    expect([...inForce().keys()].sort()).toEqual(stations);
    // The station says it again, as it does when the connection was lost.
    expect(await here.run('line-1', 'publish', id)).toMatchObject({ code: 0 });
    numbers['line-1'] += 1;
    expect(inForce().get('line-1')).toMatchObject({ number: numbers['line-1'] });
    if (!killed) break;
    kills += 1;
  }
  expect(kills).toBeGreaterThan(12);
});

test('a station that was shut out is trusted no more, whatever it sends; killed before any command, asked again it is so; the other stays', async () => {
  for (const station of stations)
    expect(await here.run(station, 'publish', here.upload(station, files(station, 1, ['2001'])))).toMatchObject({ code: 0 });
  const waits = here.upload('line-1', files('line-1', 2, ['2001']));
  let kills = 0;
  while (await here.killedAt(kills + 1, 'line-1', 'shut-out')) {
    kills += 1;
    expect(inForce().get('line-2')).toMatchObject({ number: 1 });
  }
  expect(kills).toBeGreaterThan(3);
  const isOut = (): void => {
    expect([...inForce().keys()]).toEqual(['line-2']);
    expect(here.inForce('client-cas.pem')).not.toContain(issuers['line-1'].certificatePem);
    expect(here.inForce('access-list')).not.toContain('user line-1/a');
  };
  isOut();
  const refused = { code: 65, complaint: expect.stringContaining('was shut out') as string };
  expect(await here.run('line-1', 'publish', waits)).toMatchObject(refused);
  expect(await here.run('line-1', 'restore', 'u1')).toMatchObject(refused);
  await here.run('line-1', 'pending');
  expect(await here.run('line-2', 'publish', here.upload('line-2', files('line-2', 2, ['2001'])))).toMatchObject({ code: 0 });
  isOut();
});

test('a station cannot shut another one out, nor itself, over SSH', async () => {
  expect(await here.run('line-1', 'publish', here.upload('line-1', files('line-1', 1, [])))).toMatchObject({ code: 0 });
  expect(await here.overSsh('line-1', 'shut-out')).toMatchObject({
    code: 65,
    complaint: expect.stringContaining('administrator') as string,
  });
  expect(inForce().get('line-1')).toMatchObject({ number: 1 });
});

test('restore killed before any of them: the old or the new, and asked again it is the old', async () => {
  const publish = async (number: number): Promise<string> => {
    const id = here.upload('line-1', files('line-1', number, ['2001']));
    expect(await here.run('line-1', 'publish', id)).toMatchObject({ code: 0 });
    return id;
  };
  let number = 1;
  await publish(number);
  let kills = 0;
  for (let at = 1; ; at++) {
    const id = await publish(number + 1);
    const killed = await here.killedAt(at, 'line-1', 'restore', id);
    expect([number, number + 1]).toContain(inForce().get('line-1')?.number);
    const again = await here.run('line-1', 'restore', id);
    expect(`${String(again.code)} ${again.complaint}`).toMatch(/^0 |^65 .*something else is in force/su);
    number += 2;
    await publish(number);
    expect(inForce().get('line-1')).toMatchObject({ number });
    if (!killed) break;
    kills += 1;
  }
  expect(kills).toBeGreaterThan(5);
});

test('a first publication that is taken back leaves nothing of the station', async () => {
  const id = here.upload('line-1', files('line-1', 1, ['2001']));
  expect(await here.run('line-1', 'publish', id)).toMatchObject({ code: 0 });
  expect(await here.run('line-1', 'restore', id)).toMatchObject({ code: 0 });
  expect(inForce().size).toBe(0);
  expect(here.inForce('access-list')).toBe('');
});
