import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { type App } from './support/app.ts';
import { expectAccessible, expectTidySlots, openSession, replug, resize, scan, slot, statusItem, tryOut } from './support/screen.ts';
import { expect, test } from './support/test.ts';

const certificates = async (app: App, device: string) =>
  (await app.call('certificates.list', { search: device, use: 'device' })).rows.filter((row) => row.device === device);

test('the broker goes away: the unit is NOT VERIFIED, and PASS with the same certificate when it is back', async ({ app }) => {
  const { page } = app;
  await tryOut(app, 1);
  await app.call('bench.broker', { up: false });
  await expect(statusItem(page, 'Broker')).toContainText('away');
  await replug(app, 1);
  const waiting = slot(page, 1, 'NOT VERIFIED');
  await expect(waiting).toContainText('must not leave the bench');
  const [device] = (await app.call('line.slots', {})).map((view) => view.device ?? '');
  const before = await certificates(app, device ?? '');

  await waiting.getByRole('button', { name: 'Prove it now' }).click();
  await expect(waiting).toContainText(/tried \d\d:\d\d:\d\d\.\d: still not proven/u);

  await app.call('bench.broker', { up: true });
  await expect(statusItem(page, 'Broker')).toContainText('in step');
  await waiting.getByRole('button', { name: 'Prove it now' }).click();
  await expect(slot(page, 1, 'PASS')).toBeVisible();
  const after = await certificates(app, device ?? '');
  expect(after.map(({ serial, status }) => ({ serial, status }))).toEqual([{ serial: before[0]?.serial, status: 'ACTIVE' }]);
});

test('a unit with an identity is a question: it is left as it is, or gets a new one and the old is revoked', async ({ app }) => {
  const { page } = app;
  await tryOut(app, 1);
  const [passed] = await app.call('line.slots', {});
  const hardwareId = passed?.unit?.hardwareId ?? '';
  const device = passed?.device ?? '';

  await replug(app, 1, { hardwareId });
  await expect(slot(page, 1, 'HAS AN IDENTITY')).toContainText('This unit is already');
  await page.keyboard.press('1');
  await expect(slot(page, 1, 'REMOVE')).toContainText('Take the unit out');
  expect(await certificates(app, device)).toMatchObject([{ status: 'ACTIVE' }]);

  await replug(app, 1, { hardwareId });
  await slot(page, 1, 'HAS AN IDENTITY').getByRole('button', { name: 'Give a new one' }).click();
  const question = page.getByRole('alertdialog');
  await expect(question.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await question.getByRole('button', { name: 'Give a new one' }).click();
  await expect(slot(page, 1, 'PASS')).toBeVisible();
  const all = await certificates(app, device);
  expect(all.map(({ status, reason }) => ({ status, reason })).sort((a, b) => a.status.localeCompare(b.status))).toEqual([
    { status: 'ACTIVE', reason: null },
    { status: 'REVOKED', reason: 'superseded' },
  ]);
});

test('the token is pulled and put back: the screens say so, and after the PIN the line goes on by itself', async ({ app }) => {
  const { page } = app;
  await tryOut(app, 1);
  const tokens = join(app.dataDir, 'token', 'tokens');
  await rename(tokens, `${tokens}-pulled`);
  await expect(statusItem(page, 'Token')).toContainText('not there');
  await replug(app, 1);
  await expect(page.getByRole('main')).toContainText('Plug the HSM in.');
  await expect(slot(page, 1, 'READY')).toContainText('Waiting');
  await page.keyboard.press('F2');
  await expect(page.getByRole('main')).toContainText('When it is back, open a signing session with its PIN');

  await rename(`${tokens}-pulled`, tokens);
  await expect(page.getByRole('main')).toContainText('No signing session is open');
  await page.keyboard.press('o');
  await openSession(page);
  await page.keyboard.press('F1');
  await expect(slot(page, 1, 'PASS')).toBeVisible();
});

test('a scanned label is for the next unit, and none of its keys is a key press', async ({ app }, info) => {
  const { page } = app;
  await tryOut(app, 2);
  await replug(app, 1, { fault: 'csr-other-key' });
  await expect(slot(page, 1, 'FAIL')).toBeVisible();
  await app.call('bench.unplug', { slot: 2 });
  await expect(slot(page, 2, 'EMPTY')).toBeVisible();
  // The focus stands on a button that Enter would press.
  await slot(page, 1, 'FAIL').getByRole('button', { name: 'Reject' }).focus();
  await scan(app, 'S1-121212');
  await expect(page.getByRole('status').getByText('S1-121212 → slot 2')).toBeVisible();
  await expect(slot(page, 2, 'EMPTY')).toContainText('S1-121212');
  await page.screenshot({ path: info.outputPath('scanned.png') });
  await app.call('bench.plug', { slot: 2 });
  await expect(slot(page, 2, 'PASS')).toContainText('S1-121212');
  await expect(slot(page, 1, 'FAIL')).toBeVisible();
  // A key alone still acts.
  await page.keyboard.press('1');
  await expect(slot(page, 1, 'REMOVE')).toBeVisible();
});

test('sixteen slots with long names fit into one view, whatever they say', async ({ app }, info) => {
  const { page } = app;
  await tryOut(app, 16);
  const id = 'A-very-long-work-order-number-2026-11-23';
  await app.call('orders.create', {
    id,
    tenant: 'international-thermodynamics',
    product: 'Outdoor temperature and humidity sensor with extended range, revision C2',
    deviceProfile: 'reference-agent',
    certificateProfile: 'device',
    quantity: 1_000_000,
    idPrefix: 'THERMO-OUTDOOR-EXT-C2-EU-',
  });
  await app.call('orders.choose', { id });
  await replug(app, 1, { fault: 'wrong-stored-byte' });
  await replug(app, 2, { fault: 'csr-other-key' });
  const known = (await app.call('line.slots', {})).find((view) => view.slot === 3)?.unit?.hardwareId ?? '';
  await replug(app, 3, { hardwareId: known });
  await app.call('bench.broker', { up: false });
  await replug(app, 4);
  await expect(slot(page, 1, 'FAIL')).toContainText('VERIFY_MISMATCH');
  await expect(slot(page, 2, 'FAIL')).toContainText('CSR_SIGNATURE_BAD');
  await expect(slot(page, 3, 'HAS AN IDENTITY')).toBeVisible();
  await expect(slot(page, 4, 'NOT VERIFIED')).toBeVisible();
  for (const [width, height] of [
    [1440, 900],
    [1280, 720],
  ] as const) {
    await resize(app, width, height);
    await expectTidySlots(page);
    const wordSize = (state: string): Promise<number> =>
      page
        .locator(`.slot.${state} .word`)
        .first()
        .evaluate((word) => parseFloat(getComputedStyle(word).fontSize));
    expect(await wordSize('fail')).toBeGreaterThanOrEqual(await wordSize('pass'));
    await expectAccessible(page);
    await page.screenshot({ path: info.outputPath(`sixteen-${String(width)}.png`) });
  }
});

test('a run that is stopped ends as FAIL, and the unit can be run again', async ({ app }) => {
  const { page } = app;
  await tryOut(app, 1);
  await replug(app, 1, { fault: 'peer-stalls' });
  const stop = page.getByRole('button', { name: 'Stop the run in slot 1' });
  await stop.click();
  await expect(page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' })).toBeFocused();
  await page.keyboard.press('Escape');
  await expect(slot(page, 1, 'RUNNING')).toBeVisible();
  await stop.click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Stop the run' }).click();
  await expect(slot(page, 1, 'FAIL')).toContainText('CANCELLED');
  await expect(slot(page, 1, 'FAIL').getByRole('button', { name: 'Try again' })).toBeVisible();
});
