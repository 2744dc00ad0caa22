import { expect, it } from 'vitest';
import { calls, roles, type CallName } from '../../../src-main/contract/index.ts';
import { mayCall } from '../../../src-main/station/dispatch/index.ts';

const everyone = ['nobody', ...roles] as const;

/** `vitest run --project=unit test/unit/dispatch/permissions.test.ts --update` writes it anew. */
it('docs/permissions.md says what the table says', async () => {
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const lines = (Object.keys(calls) as CallName[]).map((name) =>
    row([`\`${name}\``, calls[name].summary, calls[name].service, ...everyone.map((role) => (mayCall(role, name) ? 'yes' : ''))]),
  );
  const text = [
    '# Who may call what',
    '',
    'Made from `src-main/contract/calls.ts` by a test; the station enforces it, whatever a window shows or hides. `nobody`: before anyone has signed in.',
    '',
    row(['call', 'what it does', 'service', ...everyone]),
    row(['---', '---', '---', ...everyone.map(() => '---')]),
    ...lines,
    '',
  ].join('\n');
  await expect(text).toMatchFileSnapshot('../../../docs/permissions.md');
});
