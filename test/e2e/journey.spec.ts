import type { Page } from '@playwright/test';
import { tryOutPin } from '../../src-main/contract/index.ts';
import { expectAccessible, slot } from './support/screen.ts';
import { expect, test } from './support/test.ts';

/** A picture in both themes, and no rule of accessibility broken in either. */
async function look(page: Page, path: (name: string) => string, name: string): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.screenshot({ path: path(`${name}-${colorScheme}.png`) });
  }
  await expectAccessible(page);
}

test('from the first run to a first PASS in two clicks, and a revocation that becomes effective', async ({ app }, info) => {
  const { page } = app;
  const path = (name: string): string => info.outputPath(name);

  await expect(page.getByRole('button', { name: 'Try it out' })).toBeVisible();
  await look(page, path, '0-first-run');
  await page.getByRole('button', { name: 'Try it out' }).click();
  await look(page, path, '1-what-will-be-made');
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  for (const number of [1, 2, 3, 4]) await expect(slot(page, number, 'PASS')).toBeVisible();
  await look(page, path, '2-line');

  // Stays plugged in, and connected to the broker, until it is revoked.
  const connected = await slot(page, 1, 'PASS')
    .getByText(/^S1-\d+$/u)
    .innerText();

  await test.step('a faulty unit fails with its cause, and the others stay as they are', async () => {
    await page.getByRole('button', { name: 'Unplug the unit of slot 2' }).click();
    await expect(slot(page, 2, 'EMPTY')).toBeVisible();
    await page.getByRole('button', { name: 'Plug a faulty unit into slot 2' }).click();
    await page.getByRole('menuitem', { name: 'stores a wrong byte' }).click();
    await expect(slot(page, 2, 'FAIL')).toContainText('VERIFY_MISMATCH');
    await expect(slot(page, 2, 'FAIL')).toContainText('certificate revoked');
    await expect(slot(page, 1, 'PASS')).toBeVisible();
    await look(page, path, '3-fail');
  });

  await test.step('without a signing session nothing starts; a wrong PIN says how many tries are left', async () => {
    await page.keyboard.press('F2');
    await page.getByRole('button', { name: 'Close now' }).click();
    await expect(page.getByText('No signing session is open').first()).toBeVisible();
    await page.keyboard.press('F1');
    await page.getByRole('button', { name: 'Unplug the unit of slot 3' }).click();
    await page.getByRole('button', { name: 'Plug a unit into slot 3' }).click();
    await expect(slot(page, 3, 'READY')).toBeVisible();
    await look(page, path, '4-blocked');
    await page.getByRole('main').getByRole('button', { name: 'Open signing session' }).first().click();
    await look(page, path, '5-session');
    await page.getByRole('textbox', { name: 'Reason' }).fill('early shift');
    await page.getByRole('button', { name: 'Continue to the PIN' }).click();
    await page.getByLabel('PIN of').fill('999999');
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await expect(page.getByRole('dialog')).toContainText(/tries left/iu);
    await look(page, path, '6-wrong-pin');
    await page.getByLabel('PIN of').fill(tryOutPin);
    await page.getByRole('button', { name: 'Open', exact: true }).click();
    await expect(page.getByRole('dialog')).toBeHidden();
    await expect(slot(page, 3, 'PASS')).toBeVisible();
  });

  await test.step('a device is revoked: recorded, published, effective', async () => {
    await page.keyboard.press('F4');
    await expect(page.getByRole('button', { name: `Revoke acme/${connected}` })).toBeVisible();
    await look(page, path, '7-registry');
    await page.getByRole('button', { name: `Revoke acme/${connected}` }).click();
    const dialog = page.getByRole('dialog').or(page.getByRole('alertdialog'));
    await expect(dialog).toContainText(connected);
    await look(page, path, '8-revoke');
    await dialog.getByRole('combobox').selectOption('keyCompromise');
    await dialog.getByRole('button', { name: 'Revoke this certificate' }).click();
    await expect(dialog).toContainText(/EFFECTIVE.*refused, session gone after/u);
    await look(page, path, '9-effective');
    await page.getByRole('button', { name: 'Close', exact: true }).click();
    await page.keyboard.press('F2');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Everything that was revoked is refused');
    await look(page, path, '10-security');
  });

  const findings = await app.call('doctor.run', {});
  expect(findings.filter((finding) => !finding.ok)).toEqual([]);
});
