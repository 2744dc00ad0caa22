import { Failure } from '../../src-main/contract/index.ts';
import { expectAccessible, openSession, replug, slot, statusItem, tryOut } from './support/screen.ts';
import { expect, test } from './support/test.ts';

test('a technician sees the line and nothing of the officer’s; an officer who is called in goes on at once', async ({ app }) => {
  const { page } = app;
  await tryOut(app, 1);
  await app.call('sessions.close', {});
  await page
    .getByRole('contentinfo')
    .getByRole('button', { name: /^Officer/u })
    .click();
  await page.getByRole('menuitem', { name: 'Switch operator…' }).click();
  await expect(page.getByRole('dialog').getByRole('button', { name: /^Technician/u })).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toBeHidden();

  const places = page.getByRole('navigation', { name: 'Workplaces' });
  await expect(places.getByRole('button', { name: /^Line/u })).toBeVisible();
  await expect(places.getByRole('button', { name: /^Security/u })).toBeHidden();
  await page.keyboard.press('F2');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Simulated sensor S1');
  const refused = await app.call('revocations.preview', { device: 'acme/S1-000001' }).catch((thrown: unknown) => thrown);
  expect(refused instanceof Failure && refused.code).toBe('NOT_ALLOWED');

  await replug(app, 1);
  await expect(slot(page, 1, 'READY')).toContainText('Waiting');
  await page.getByRole('main').getByRole('button', { name: 'Open signing session' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('button', { name: /^Officer/u })).toBeFocused();
  await expect(dialog.getByRole('button', { name: /^Technician/u })).toBeHidden();
  await page.keyboard.press('Enter');
  await openSession(page);
  await expect(slot(page, 1, 'PASS')).toBeVisible();
});

test('support reads the registry and checks the way to the broker, and can change nothing', async ({ app }) => {
  const { page } = app;
  await tryOut(app, 1);
  await app.call('operators.signIn', { name: 'Support' });
  await page.reload();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Devices and their certificates');
  await expect(page.getByRole('button', { name: /^Revoke/u })).toBeHidden();
  await statusItem(page, 'Broker').click();
  await page.getByRole('button', { name: 'Check the way to the broker' }).click();
  await expect(page.getByRole('dialog')).toContainText('plain TCP refused');
  await page.keyboard.press('Escape');
  const retried = await app.call('line.retry', { slot: 1 }).catch((thrown: unknown) => thrown);
  expect(retried instanceof Failure && retried.code).toBe('NOT_ALLOWED');
});

test('revoking by keyboard alone: wrong names say so, Escape revokes nothing, and a revoked unit is no PASS any more', async ({ app }) => {
  const { page } = app;
  await tryOut(app, 1);
  const device = (await app.call('line.slots', {}))[0]?.device ?? '';
  const dialog = page.getByRole('dialog');
  const find = async (name: string): Promise<void> => {
    await dialog.getByRole('textbox').fill(name);
    await page.keyboard.press('Enter');
  };
  await page.keyboard.press('F2');
  await page.keyboard.press('r');
  for (const wrong of ['', 'nonsense', 'acme/', 'acme/x y', "acme/'; DROP TABLE certificates; --"]) {
    await find(wrong);
    await expect(dialog.getByRole('alert')).toContainText('Neither a device');
  }
  await find('acme/S1-00001');
  await expect(dialog).toContainText('This station knows no “acme/S1-00001”');
  await expect(dialog).toContainText('Nothing was revoked.');
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await find(device);
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();
  expect((await app.call('revocations.list', {})).total).toBe(0);

  await page.keyboard.press('r');
  await find(` ${device} `);
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect(dialog).toContainText(/EFFECTIVE.*refuse/u);
  await page.keyboard.press('Enter');
  await page.keyboard.press('r');
  await find(device);
  await expect(dialog).toContainText('Nothing left to revoke');
  await page.keyboard.press('Enter');
  await page.keyboard.press('F1');
  await expect(slot(page, 1, 'REMOVE')).toContainText('revoked: must not be shipped');
  await expectAccessible(page);
});
