import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { unwrap } from '../../src-main/contract/index.ts';
import { App } from './support/app.ts';
import { expectAccessible, openSession, statusItem } from './support/screen.ts';
import { expect, test } from './support/test.ts';

const root = resolve(import.meta.dirname, '..', '..');
const pin = '483920';
const password = 'correct horse';

/** A station made on the command line, as an officer makes a real one; its token is a software token all the same. */
async function init(dataDir: string): Promise<void> {
  await writeFile(`${dataDir}.pin`, `${pin}\n`, { mode: 0o600 });
  await writeFile(`${dataDir}.password`, `${password}\n`, { mode: 0o600 });
  const node = unwrap(process.env['BIRTHMARK_NODE'], 'BIRTHMARK_NODE is not set; run the scenarios with: npm test -- e2e');
  const options = ['--data', dataDir, '--name', 'Line 2', '--token', 'Line 2', '--slot', `1=${dataDir}/no-such-port`];
  const secrets = ['--pin-file', `${dataDir}.pin`, '--password-file', `${dataDir}.password`];
  const child = spawn(node, ['out/cli/birthmark.mjs', 'init', ...options, ...secrets], { cwd: root, stdio: 'ignore' });
  await once(child, 'exit');
  expect(child.exitCode).toBe(0);
}

test('a station made on the command line: password, first work order, first session', async ({ dataDir }, info) => {
  const folder = `${dataDir}/station`;
  await init(folder);
  const app = await App.launch(folder);
  const { page } = app;
  try {
    await page.getByRole('button', { name: /officer/iu }).click();
    await page.getByLabel('Password of officer').fill('wrong horse');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('alert')).toContainText('Sign-in refused');
    await expect(page.getByLabel('Password of officer')).toHaveValue('');
    await page.getByLabel('Password of officer').fill(password);
    await page.keyboard.press('Enter');

    const main = page.getByRole('main');
    await expect(main).toContainText('No work order');
    await main.getByRole('button', { name: 'New work order…' }).click();
    const dialog = page.getByRole('dialog', { name: 'New work order' });
    await page.keyboard.press('Enter');
    await expect(dialog.getByRole('alert')).toHaveCount(4);
    await dialog.getByLabel('Number').fill('WO-4711');
    await dialog.getByLabel('Units to make').fill('250');
    await dialog.getByLabel('Product').fill('Thermo sensor T2');
    await dialog.getByLabel('Tenant').fill('acme');
    await dialog.getByLabel('Device ids begin with').fill('T2-');
    await expect(dialog.getByRole('status')).toContainText('acme/T2-000001');
    await page.screenshot({ path: info.outputPath('order.png') });
    await expectAccessible(page);
    await page.keyboard.press('Enter');
    await expect(dialog).toBeHidden();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Thermo sensor T2');
    await expect(main).not.toContainText('No work order');

    await page.getByRole('button', { name: 'Change…' }).click();
    await page.getByRole('menuitem', { name: 'New work order…' }).click();
    await dialog.getByLabel('Number').fill('WO-4711');
    await dialog.getByLabel('Units to make').fill('1');
    await dialog.getByLabel('Product').fill('Another');
    await dialog.getByLabel('Tenant').fill('acme');
    await page.keyboard.press('Enter');
    await expect(dialog).toContainText('there is a work order WO-4711 already');
    await page.keyboard.press('Escape');

    await main.getByRole('button', { name: 'Open signing session' }).click();
    await openSession(page, pin);
    await expect(statusItem(page, 'Signing')).toContainText('200 left');
    await expect(main).toContainText('Plug a unit into a free slot');
  } finally {
    await app.close();
  }
});
