import { expect, testOnOneApp as test } from './support/test.ts';

const csp = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'";

test('the window shows our own page and nothing else can get at it', async ({ app }, info) => {
  await expect(app.page).toHaveURL('app://birthmark/index.html');
  await expect(app.page).toHaveTitle(/Birthmark/);
  await app.page.screenshot({ path: info.outputPath('first-window.png') });

  const preferences = await app.electron.evaluate(({ webContents }) => {
    const page = webContents.getAllWebContents()[0] as unknown as { getLastWebPreferences: () => Record<string, unknown> };
    const { sandbox, contextIsolation, nodeIntegration, webviewTag } = page.getLastWebPreferences();
    return { sandbox, contextIsolation, nodeIntegration, webviewTag };
  });
  expect(preferences).toEqual({ sandbox: true, contextIsolation: true, nodeIntegration: false, webviewTag: false });

  const seen = await app.page.evaluate(() => ({
    globals: ['require', 'process', 'Buffer', 'module', 'electron'].filter((name) => name in window),
    bridge: Object.keys(window.birthmark).sort(),
  }));
  expect(seen).toEqual({ globals: [], bridge: ['call', 'on'] });
});

test('the content security policy is a header and holds', async ({ app }) => {
  app.expectBlocked('request for https://example.org');
  const header = await app.page.evaluate(async () => (await fetch('index.html')).headers.get('content-security-policy'));
  expect(header).toContain(csp);

  const tried = await app.page.evaluate(async () => {
    const violations: string[] = [];
    document.addEventListener('securitypolicyviolation', (event) => violations.push(event.effectiveDirective));
    const script = document.createElement('script');
    script.textContent = 'window.injected = true';
    document.head.append(script);
    const style = document.createElement('style');
    style.textContent = 'body { color: red }';
    document.head.append(style);
    const fetched = await fetch('https://example.org/').then(
      () => 'answered',
      () => 'refused',
    );
    const socket = await new Promise((resolve) => {
      try {
        const ws = new WebSocket('wss://example.org/');
        ws.onopen = () => resolve('answered');
        ws.onerror = () => resolve('refused');
      } catch {
        resolve('refused');
      }
    });
    return { injected: 'injected' in window, fetched, socket, violations: [...new Set(violations)].sort() };
  });
  expect(tried).toEqual({
    injected: false,
    fetched: 'refused',
    socket: 'refused',
    violations: ['connect-src', 'script-src-elem', 'style-src-elem'],
  });
});

test('the main process blocks what the policy of the page would let through', async ({ app }) => {
  app.expectBlocked('request for https://example.org');
  const error = await app.electron.evaluate(async ({ session }) => {
    try {
      await session.defaultSession.fetch('https://example.org/');
      return 'answered';
    } catch (thrown) {
      return String(thrown);
    }
  });
  expect(error).toContain('ERR_BLOCKED_BY_CLIENT');
});

test('files outside the built page are not served', async ({ app }) => {
  const answers = await app.page.evaluate(() =>
    Promise.all(
      ['../../package.json', '%2e%2e/%2e%2e/package.json', '..%2f..%2fpackage.json', 'no-such-file.js'].map(
        async (path) => (await fetch(`app://birthmark/${path}`)).status,
      ),
    ),
  );
  expect(answers).toEqual([404, 404, 404, 404]);
});

test('every permission is refused but putting text on the clipboard', async ({ app }) => {
  app.expectBlocked('permission ');
  const states = await app.page.evaluate(async () => {
    const names = ['geolocation', 'notifications', 'camera', 'microphone', 'clipboard-read', 'midi'];
    const all = await Promise.all(names.map((name) => navigator.permissions.query({ name: name as PermissionName })));
    return all.map(({ state }) => state);
  });
  expect(states).toEqual(states.map(() => 'denied'));

  const asked = await app.page.evaluate(async () => {
    const media = await navigator.mediaDevices.getUserMedia({ audio: true }).then(
      () => 'granted',
      () => 'refused',
    );
    const place = await new Promise((resolve) =>
      navigator.geolocation.getCurrentPosition(
        () => resolve('granted'),
        () => resolve('refused'),
      ),
    );
    return { media, place, notification: await Notification.requestPermission() };
  });
  expect(asked).toEqual({ media: 'refused', place: 'refused', notification: 'denied' });
});

test('the bridge refuses what is not in the contract', async ({ app }) => {
  app.expectBlocked('call station.selfDestruct');
  app.expectBlocked('call toString');
  const outcomes = await app.page.evaluate(async () => {
    const call = window.birthmark.call as (name: string, input: unknown) => Promise<{ ok: boolean; error?: { code: string } }>;
    const codes = [];
    for (const [name, input] of [
      ['station.selfDestruct', {}],
      ['toString', {}],
      ['line.retry', { slot: 'one' }],
      ['line.retry', { slot: 1, force: true }],
    ] as const) {
      codes.push((await call(name, input)).error?.code);
    }
    return codes;
  });
  expect(outcomes).toEqual(['INVALID_INPUT', 'INVALID_INPUT', 'INVALID_INPUT', 'INVALID_INPUT']);
});

// The last one: Playwright’s page waits for a navigation that never comes.
test('the page can neither leave nor open another', async ({ app }) => {
  app.expectBlocked('navigation to https://example.org');
  app.expectBlocked('a new window for https://example.org');
  const opened = await app.page.evaluate(() => window.open('https://example.org/') === null);
  expect(opened).toBe(true);
  await app.page.evaluate(() => {
    window.location.href = 'https://example.org/';
  });
  await app.page.evaluate(() => {
    window.location.href = 'file:///etc/passwd';
  });
  await expect.poll(() => app.log()).toContain('BLOCKED navigation to https://example.org');
  const urls = await app.electron.evaluate(({ webContents }) => webContents.getAllWebContents().map((contents) => contents.getURL()));
  expect(urls).toEqual(['app://birthmark/index.html']);
});
