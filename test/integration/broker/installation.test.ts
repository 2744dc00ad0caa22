import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Installation, type InstalledFiles } from '../../../src-main/station/broker/installation.ts';

const files = (name: string): InstalledFiles => ({
  crls: `crls ${name}`,
  clientCas: `cas ${name}`,
  accessList: `list ${name}`,
  passwords: `passwords ${name}`,
});

describe('the installed files', () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'birthmark-files-'));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  test('change together, and the ones before can be put back', async () => {
    const installation = new Installation(dir);
    expect(await installation.read()).toBeNull();
    await installation.install(files('one'), true);
    await installation.install(files('two'), true);
    expect(await installation.read()).toEqual(files('two'));
    expect(await installation.restore()).toBe(true);
    expect(await installation.read()).toEqual(files('one'));
  });

  test('what is not worth going back to is not kept', async () => {
    const installation = new Installation(dir);
    await installation.install(files('good'), true);
    await installation.install(files('damaged'), true);
    await installation.install(files('new'), false);
    await installation.restore();
    expect(await installation.read()).toEqual(files('good'));
  });

  test('without a predecessor nothing is left in force', async () => {
    const installation = new Installation(dir);
    await installation.install(files('one'), false);
    expect(await installation.restore()).toBe(false);
    expect(await installation.read()).toBeNull();
  });

  test('are for nobody else’s eyes, and no more than two publications are kept', async () => {
    const installation = new Installation(dir);
    for (const name of ['one', 'two', 'three', 'four']) await installation.install(files(name), true);
    expect(await readdir(join(dir, 'publications'))).toHaveLength(2);
    expect((await stat(installation.paths.accessList)).mode & 0o777).toBe(0o600);
    expect(await readFile(installation.paths.crls, 'utf8')).toBe('crls four');
  });
});
