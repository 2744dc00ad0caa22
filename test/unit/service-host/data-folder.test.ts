import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { defaultDataFolder } from '../../../src-main/service-host/index.ts';

it.each([
  ['its own variable first', { BIRTHMARK_DATA: 'here', XDG_DATA_HOME: '/data' }, resolve('here')],
  ['then XDG_DATA_HOME', { XDG_DATA_HOME: '/data' }, '/data/birthmark'],
  ['a relative XDG_DATA_HOME is ignored, as the specification says', { XDG_DATA_HOME: 'data' }, join(homedir(), '.local/share/birthmark')],
  ['an empty one as well', { BIRTHMARK_DATA: '', XDG_DATA_HOME: '' }, join(homedir(), '.local/share/birthmark')],
])('the data folder: %s', (_, env, folder) => {
  expect(defaultDataFolder(env)).toBe(folder);
});
