import { test as base, expect, type TestInfo } from '@playwright/test';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, root } from './app.ts';

interface Fixtures {
  /** A data folder that lives as long as the scenario. */
  readonly dataDir: string;
  /** Environment of the app besides the machine's; `test.use({ env })`. */
  readonly env: Readonly<Record<string, string>>;
  /** The app to start, where it is not the checkout's; `test.extend`. */
  readonly appDir: string;
  /** The app on the data folder. A picture and the logs are kept when the scenario fails. */
  readonly app: App;
}

async function withDataFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'birthmark-e2e-'));
  await use(folder);
  await rm(folder, { recursive: true, force: true });
}

async function keepWhenFailed(app: App, info: TestInfo): Promise<void> {
  if (info.status === info.expectedStatus) return;
  await app.page.screenshot({ path: info.outputPath('window.png') }).catch(() => undefined);
  await writeFile(info.outputPath('console.log'), app.console());
  await writeFile(info.outputPath('station.log'), await app.log());
}

async function close(app: App): Promise<void> {
  await app.close();
  expect(await app.unexpectedBlocks(), 'blocked without a scenario asking for it').toEqual([]);
}

export const test = base.extend<Fixtures>({
  dataDir: async ({}, use) => withDataFolder(use),
  env: [{}, { option: true }],
  appDir: async ({}, use) => use(root),
  app: async ({ dataDir, env, appDir }, use, info) => {
    const app = await App.launch(dataDir, env, appDir);
    await use(app);
    await keepWhenFailed(app, info);
    await close(app);
  },
});

/** For scenarios that leave the app as they found it: one start of it for all of a file. */
export const testOnOneApp = base.extend<Pick<Fixtures, 'app'>, { readonly appOfFile: App }>({
  appOfFile: [
    async ({}, use) =>
      withDataFolder(async (folder) => {
        const app = await App.launch(folder);
        await use(app);
        await close(app);
      }),
    { scope: 'worker' },
  ],
  app: async ({ appOfFile }, use, info) => {
    await use(appOfFile);
    await keepWhenFailed(appOfFile, info);
  },
});
export { expect };
