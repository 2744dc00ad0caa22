import { expect, test } from 'vitest';
import { judgeSandbox } from '../../../scripts/setup/sandbox.mjs';

const worst = {
  root: false,
  namespaces: false,
  setting: 'user.max_user_namespaces=15000',
  helper: '/home/tech/electron/chrome-sandbox',
  helperReady: false,
  confined: false,
  nosuid: false,
};
const problemOf = (facts: typeof worst): string => {
  const judged = judgeSandbox(facts);
  return 'problem' in judged ? judged.problem : '';
};

test('root gets the window without the sandbox, and is told so', () => {
  const judged = judgeSandbox({ ...worst, root: true });
  expect(judged).toMatchObject({ args: ['--no-sandbox', '--disable-gpu'], note: expect.stringContaining('no sandbox for root') as string });
});

test('user namespaces or a ready helper will do, each alone', () => {
  expect(judgeSandbox({ ...worst, namespaces: true, confined: true })).toEqual({ args: [], note: null });
  expect(judgeSandbox({ ...worst, helperReady: true })).toEqual({ args: [], note: null });
});

test('an ordinary user never gets the window without the sandbox', () => {
  for (const bits of Array.from({ length: 16 }, (_, index) => index)) {
    const bit = (index: number): boolean => (bits & (1 << index)) !== 0;
    const facts = { ...worst, namespaces: bit(0), helperReady: bit(1), confined: bit(2), nosuid: bit(3) };
    expect(JSON.stringify(judgeSandbox(facts))).not.toContain('no-sandbox');
  }
});

test('a helper that is not setuid root is mended by one command, with the path as a shell needs it', () => {
  expect(problemOf(worst)).toContain(
    '\n  sudo chown root:root /home/tech/electron/chrome-sandbox && sudo chmod 4755 /home/tech/electron/chrome-sandbox\n',
  );
  expect(problemOf({ ...worst, helper: "/home/a b's/chrome-sandbox" })).toContain("sudo chmod 4755 '/home/a b'\\''s/chrome-sandbox'\n");
});

test('where setuid bits are ignored, the kernel setting that was found is the one to change', () => {
  const problem = problemOf({ ...worst, helperReady: true, nosuid: true });
  expect(problem).toContain('\n  sudo sysctl -w user.max_user_namespaces=15000\n');
  expect(problem).not.toContain('chmod');
});

test('where no command helps, none is given', () => {
  for (const facts of [
    { ...worst, helperReady: true, confined: true },
    { ...worst, nosuid: true, setting: null as unknown as string },
  ]) {
    expect(problemOf(facts)).not.toContain('sudo');
    expect(problemOf(facts)).toContain('npm run -s birthmark -- demo');
  }
});
