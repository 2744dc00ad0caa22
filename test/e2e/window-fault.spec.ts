import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { copyOfApp } from './support/app-copy.ts';
import { expect, test } from './support/test.ts';

type Damage = (folder: string) => Promise<void>;
const renderer = (folder: string): string => join(folder, 'out', 'renderer');

async function removeCode(folder: string): Promise<void> {
  const assets = join(renderer(folder), 'assets');
  for (const file of await readdir(assets)) if (file.endsWith('.js')) await rm(join(assets, file));
}
async function throwInCode(folder: string): Promise<void> {
  const assets = join(renderer(folder), 'assets');
  for (const file of await readdir(assets))
    if (file.endsWith('.js')) await writeFile(join(assets, file), "throw new Error('cut <b>off</b>');");
}

const damages: Readonly<Record<string, { readonly damage: Damage; readonly reason: RegExp }>> = {
  'without its first file': {
    damage: (folder) => rm(join(renderer(folder), 'index.html')),
    reason: /its file \/index\.html is not there/u,
  },
  'without its code': { damage: removeCode, reason: /its file \/assets\/.+\.js is not there/u },
  'whose code fails': { damage: throwInCode, reason: /cut <b>off<\/b>/u },
  'without its bridge': {
    damage: (folder) => writeFile(join(folder, 'out', 'preload', 'preload.cjs'), "throw new Error('no bridge');"),
    reason: /no bridge/u,
  },
};

for (const [which, { damage, reason }] of Object.entries(damages)) {
  const broken = test.extend({
    appDir: async ({}, use) => {
      const folder = await copyOfApp();
      await damage(folder);
      await use(folder);
      await rm(folder, { recursive: true });
    },
  });
  broken(`a page ${which} says why, instead of a white window`, async ({ app }) => {
    await expect(app.page.getByRole('heading', { name: 'The window did not start' })).toBeVisible();
    await expect(app.page.getByRole('main')).toContainText(reason);
    await expect(app.page.getByRole('listitem').last()).toContainText('station.log');
    expect(await app.log()).toMatch(new RegExp(`the window did not start: .*${reason.source}`, 'u'));
  });
}

test('a page whose process ends twice before it starts is explained, and loads again when asked', async ({ app }) => {
  const crash = (): Promise<void> =>
    app.electron.evaluate(
      async ({ BrowserWindow }) =>
        new Promise<void>((resolve) => {
          const [window] = BrowserWindow.getAllWindows();
          window?.webContents.once('render-process-gone', () => resolve());
          window?.webContents.forcefullyCrashRenderer();
        }),
    );
  // Playwright follows no page into another process: the window is asked by way of the main process.
  const inPage = (code: string): Promise<unknown> =>
    app.electron.evaluate(async ({ BrowserWindow }, script): Promise<unknown> => {
      const [window] = BrowserWindow.getAllWindows();
      return window?.webContents.executeJavaScript(script);
    }, code);
  await crash();
  await crash();
  await expect.poll(() => inPage("document.querySelector('h1')?.textContent")).toBe('The window did not start');
  expect(await inPage("document.querySelector('main').textContent")).toContain("the page's process ended");
  await inPage("document.querySelector('a').click()");
  await expect.poll(() => inPage("document.querySelector('#root')?.childElementCount")).toBeGreaterThan(0);
});
