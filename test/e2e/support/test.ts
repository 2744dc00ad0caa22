import { test as base, expect } from '@playwright/test';
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

export const test = base.extend<Fixtures>({
  dataDir: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'birthmark-e2e-'));
    await use(folder);
    await rm(folder, { recursive: true, force: true });
  },
  env: [{}, { option: true }],
  appDir: async ({}, use) => use(root),
  app: async ({ dataDir, env, appDir }, use, info) => {
    const app = await App.launch(dataDir, env, appDir);
    await use(app);
    if (info.status !== info.expectedStatus) {
      await app.page.screenshot({ path: info.outputPath('window.png') }).catch(() => undefined);
      await writeFile(info.outputPath('console.log'), app.console());
      await writeFile(info.outputPath('desktop.log'), await app.log());
    }
    await app.close();
    expect(await app.unexpectedBlocks(), 'blocked without a scenario asking for it').toEqual([]);
  },
});
export { expect };
