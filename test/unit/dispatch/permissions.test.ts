import { expect, it } from 'vitest';
import { calls, eventRoles, roles, type CallName, type EventName } from '../../../src-main/contract/index.ts';
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
    '## Who hears of what',
    '',
    'An event is sent to those faces alone whose caller may hear of it: who made the newest call on that connection.',
    '',
    row(['event', ...everyone]),
    row(['---', ...everyone.map(() => '---')]),
    ...(Object.keys(eventRoles) as EventName[]).map((name) =>
      row([`\`${name}\``, ...everyone.map((role) => (eventRoles[name].includes(role) ? 'yes' : ''))]),
    ),
    '',
  ].join('\n');
  await expect(text).toMatchFileSnapshot('../../../docs/permissions.md');
});
