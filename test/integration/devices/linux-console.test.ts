import { createPublicKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { execFileSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { ConsoleProfile } from '../../../src-main/station/devices/console/profile.ts';
import { replayTranscript } from '../../../src-main/station/devices/console/replay.ts';
import type { TranscriptLine, UnitSession } from '../../../src-main/station/devices/index.ts';
import { TestCa } from '../../support/agent.ts';
import { consoleProfile, never, openConsole, provision } from '../../support/console/provision.ts';
import { PtyProgram } from '../../support/console/pty-program.ts';

const ca = new TestCa();
afterAll(() => ca.dispose());
const disposables: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const dispose of disposables.splice(0).reverse()) await dispose();
});

const bash = ['bash', '--norc', '--noprofile', '-i'] as const;

async function plugged(...program: readonly string[]): Promise<PtyProgram> {
  const peer = new PtyProgram(...program);
  disposables.push(() => peer.dispose());
  writeFileSync(join(peer.dir, 'serial'), 'SN-0001\n');
  return peer.start();
}

const profileFor = (peer: PtyProgram, changes: Partial<ConsoleProfile> = {}): ConsoleProfile =>
  consoleProfile('linux-console', {
    exchangeMs: 120_000,
    ...changes,
    variables: { folder: join(peer.dir, 'etc'), idFiles: join(peer.dir, 'serial'), ...changes.variables },
  });

async function opened(peer: PtyProgram, profile: ConsoleProfile, transcript: TranscriptLine[] = []): Promise<UnitSession> {
  const session = await openConsole(peer.path, profile, { transcript });
  disposables.push(() => session.close());
  return session;
}

describe.each([
  ['bash', bash],
  ['dash', ['dash', '-i']],
])('a Linux console with %s', (_, program) => {
  test('makes its own key with its own openssl, keeps what was issued, and proves its key', async () => {
    const peer = await plugged(...program);
    const profile = profileFor(peer);
    const session = await opened(peer, profile);
    const { unit, credentials } = await provision(session, profile, ca);
    expect(unit).toMatchObject({ hardwareId: 'SN-0001', provisioned: false });
    const etc = join(peer.dir, 'etc');
    expect(readdirSync(etc).sort()).toEqual(['broker.conf', 'ca.crt', 'device.crt', 'device.key']);
    for (const file of readdirSync(etc)) expect(statSync(join(etc, file)).mode & 0o077).toBe(0);
    const subject = execFileSync('openssl', ['x509', '-in', join(etc, 'device.crt'), '-outform', 'DER']);
    expect(subject.equals(Buffer.from(credentials.certificateChain[0] ?? []))).toBe(true);
    expect(readFileSync(join(etc, 'broker.conf'), 'utf8')).toBe(
      'host=127.0.0.1\nport=8883\nname=localhost\nclient=acme/T-1\ntopic=tenant/acme/device/T-1\n',
    );
    expect(await session.identify(never())).toMatchObject({ provisioned: true });
    await session.erase(never());
    expect(readdirSync(etc)).toEqual([]);
  });
});

describe('a Linux console', () => {
  let peer: PtyProgram;
  let profile: ConsoleProfile;
  beforeAll(() => {
    mkdirSync('test-results', { recursive: true });
  });

  test('with a login: agetty asks for the name, the password is never repeated, shown or kept', async () => {
    process.env['BIRTHMARK_TEST_SHELL'] = '/bin/bash';
    peer = await plugged('agetty', '--local-line', '--noissue', '--login-program', resolve('test/support/console/login.sh'), '-', 'vt100');
    const secret = join(peer.dir, 'password');
    writeFileSync(secret, 'fac tory$1\n', { mode: 0o600 });
    profile = profileFor(peer, { variables: { password: { file: secret, secret: true } } });
    const transcript: TranscriptLine[] = [];
    const session = await opened(peer, profile, transcript);
    await provision(session, profile, ca);
    await session.close();
    const said = transcript.map(({ text }) => text).join('\n');
    expect(said).toContain('login: ');
    expect(said).not.toContain('fac tory');
    // It logged out: the next one has to log in again.
    const again: TranscriptLine[] = [];
    await opened(peer, profile, again);
    expect(again.map(({ text }) => text).join('\n')).toContain('login: ');
  });

  test('whose password is another one says so', async () => {
    process.env['BIRTHMARK_TEST_SHELL'] = '/bin/bash';
    peer = await plugged('agetty', '--local-line', '--noissue', '--login-program', resolve('test/support/console/login.sh'), '-', 'vt100');
    profile = profileFor(peer, { variables: { password: { value: 'wrong', secret: true } } });
    await expect(openConsole(peer.path, profile)).rejects.toMatchObject({
      code: 'DEVICE_REFUSED',
      detail: expect.stringContaining('Login incorrect') as string,
    });
  });

  test('a password in a file that others can read is not used', async () => {
    peer = await plugged(...bash);
    const secret = join(peer.dir, 'password');
    writeFileSync(secret, 'x', { mode: 0o644 });
    profile = profileFor(peer, { variables: { password: { file: secret, secret: true } } });
    await expect(openConsole(peer.path, profile)).rejects.toMatchObject({ code: 'INVALID_INPUT', params: { field: 'variables.password' } });
  });

  test('unplugged while it is written and plugged in again, it is finished; what was there is not written again', async () => {
    peer = await plugged(...bash);
    profile = profileFor(peer);
    const transcript: TranscriptLine[] = [];
    const session = await opened(peer, profile, transcript);
    const running = provision(session, profile, ca);
    await expect.poll(() => existsSync(join(peer.dir, 'etc', 'device.crt.new')), { interval: 5 }).toBe(true);
    await peer.unplug();
    await peer.start();
    await running;
    const begun = transcript.filter(({ text }) => text.startsWith('begin write:device.crt'));
    expect(begun.length).toBe(1);
  });

  test('another one at its place is DEVICE_SWAPPED', async () => {
    peer = await plugged(...bash);
    profile = profileFor(peer);
    const session = await opened(peer, profile);
    const swapped = expect(provision(session, profile, ca)).rejects.toMatchObject({
      code: 'DEVICE_SWAPPED',
      params: { expected: 'SN-0001', actual: 'SN-0002' },
    });
    await expect.poll(() => existsSync(join(peer.dir, 'etc', 'device.key.new')), { interval: 5 }).toBe(true);
    await peer.unplug();
    writeFileSync(join(peer.dir, 'serial'), 'SN-0002\n');
    await peer.start();
    await swapped;
  });

  test('one wrong byte in a file is VERIFY_MISMATCH', async () => {
    peer = await plugged(...bash);
    profile = profileFor(peer);
    const session = await opened(peer, profile);
    const { installed } = await provision(session, profile, ca);
    const file = join(peer.dir, 'etc', 'ca.crt');
    const content = readFileSync(file);
    content[40] = (content[40] ?? 0) ^ 1;
    writeFileSync(file, content);
    await expect(session.readBack(installed, never())).rejects.toMatchObject({
      code: 'VERIFY_MISMATCH',
      params: { item: 'trust anchors' },
    });
  });

  test('a transcript of it is a test: the same profile plays it again, another one differs at a line', async () => {
    peer = await plugged(...bash);
    profile = profileFor(peer);
    const transcript: TranscriptLine[] = [];
    const session = await opened(peer, profile, transcript);
    await provision(session, profile, ca);
    await session.close();
    const played = await replayTranscript(profile, transcript);
    expect(played.length).toBeGreaterThan(10);
    expect(played.filter(({ difference }) => difference !== null)).toEqual([]);
    const other = { ...profile, activate: [{ send: 'reboot', expect: { ok: 'bm-0', captures: [] } }] };
    const differing = (await replayTranscript(other, transcript)).filter(({ difference }) => difference !== null);
    expect(differing.map(({ section }) => section)).toEqual(['activate']);
    expect(differing[0]?.difference).toMatch(/^line \d+: the profile sends “reboot”/u);
  });
});

describe('a Linux console without openssl', () => {
  /** The programs that a small system has: all that the profile needs but openssl. */
  const programs = ['sha256sum', 'base64', 'cut', 'tr', 'mv', 'rm', 'mkdir', 'sync', 'uname', 'stty', 'cat'];

  async function small(shell: string): Promise<PtyProgram> {
    const bin = mkdtempSync(join(tmpdir(), 'birthmark-bin-'));
    disposables.push(() => rm(bin, { recursive: true }));
    for (const name of programs) symlinkSync(execFileSync('which', [name], { encoding: 'utf8' }).trim(), join(bin, name));
    return plugged(
      '/usr/bin/env',
      '-i',
      `PATH=${bin}`,
      `HOME=${bin}`,
      'PS1=acme-gw> ',
      `/bin/${shell}`,
      ...(shell === 'bash' ? bash.slice(1) : ['-i']),
    );
  }

  test('says which profile is for it', async () => {
    const peer = await small('dash');
    const session = await opened(peer, profileFor(peer));
    await session.identify(never());
    await expect(session.generateKey('acme/T-1', never())).rejects.toMatchObject({
      code: 'DEVICE_REFUSED',
      detail: expect.stringContaining('linux-console-station-key') as string,
    });
  });

  test.each(['dash', 'bash'])('with %s: gets the key of the station, as a file of its owner alone and in no transcript', async (shell) => {
    const peer = await small(shell);
    const { variables } = profileFor(peer);
    const shipped = consoleProfile('linux-console-station-key', { exchangeMs: 120_000 });
    const profile = {
      ...shipped,
      variables: { ...shipped.variables, folder: variables['folder'] ?? '', idFiles: variables['idFiles'] ?? '' },
    };
    const transcript: TranscriptLine[] = [];
    const session = await opened(peer, profile, transcript);
    await provision(session, profile, ca);
    const etc = join(peer.dir, 'etc');
    const key = readFileSync(join(etc, 'device.key'), 'utf8');
    expect(createPublicKey(key).export({ type: 'spki', format: 'der' })).toEqual(
      new X509Certificate(readFileSync(join(etc, 'device.crt'))).publicKey.export({ type: 'spki', format: 'der' }),
    );
    expect(statSync(join(etc, 'device.key')).mode & 0o077).toBe(0);
    const said = transcript.map(({ text }) => text).join('\n');
    const body = Buffer.from(key).toString('base64');
    for (let at = 120; at + 16 <= body.length; at += 16) expect(said).not.toContain(body.slice(at, at + 16));
    await session.erase(never());
    expect(readdirSync(etc)).toEqual([]);
  });
});
