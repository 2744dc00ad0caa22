import type { Noun } from '../entry.ts';

export const folder: Noun = {
  name: 'folder',
  summary: 'the data folder: whether it is the only one of its station',
  commands: [
    {
      name: 'folder show',
      summary: 'where the data folder is; exit code 3 when another folder of this station may be in use',
      examples: [{ line: 'folder show' }],
      output: '{path, doubt}',
      load: async () => (await import('../../commands/folder.ts')).showFolder,
    },
    {
      name: 'folder confirm',
      summary: 'this folder is the one that is used from now on, and the one that it was copied from is used no more (officer)',
      options: { note: { value: 'TEXT', required: true, help: 'why, for the audit log' } },
      examples: [{ line: 'folder confirm --note "moved to the new line computer, the old one was wiped"' }],
      output: 'as folder show',
      load: async () => (await import('../../commands/folder.ts')).confirmFolder,
    },
  ],
};
