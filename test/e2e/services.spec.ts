import type { Service } from '../../src-main/contract/index.ts';
import { openSession, replug, slot, tryOut } from './support/screen.ts';
import { expect, test } from './support/test.ts';

test('the window and both services answer from the first second', async ({ app }, info) => {
  const status = await app.call('station.status', {});
  expect(status.phase).toBe('first-run');
  await app.page.screenshot({ path: info.outputPath('first-run.png') });
});

for (const service of ['station', 'signer'] satisfies Service[]) {
  test(`the ${service} service is killed: the window stays and the next call is answered`, async ({ app }) => {
    await app.call('station.tryOut', {});
    await app.call('operators.signIn', { name: 'Officer' });
    const before = await app.servicePid(service);

    process.kill(before, 'SIGKILL');

    await expect.poll(() => app.servicePid(service)).not.toBe(before);
    const status = await app.call('station.status', {});
    expect(status.operator?.role).toBe('officer');
    expect(status.phase).toBe('ready');
    await expect(app.page.locator('#root')).not.toBeEmpty();
    expect(await app.log()).toContain(`${service} service restarting: signal SIGKILL`);
  });
}

for (const service of ['station', 'signer'] satisfies Service[]) {
  test(`the ${service} service is killed while units run: the window says so, and the line goes on`, async ({ app }) => {
    const { page } = app;
    await tryOut(app, 2);
    for (const number of [1, 2]) await replug(app, number);
    await expect(page.getByRole('button', { name: 'Stop the run in slot 1' })).toBeVisible();
    process.kill(await app.servicePid(service), 'SIGKILL');
    await expect(page.getByText('A background service stopped and was started again.')).toBeVisible();
    await page.keyboard.press('F4');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Devices and their certificates');
    await page.keyboard.press('F1');
    // The signer forgets the PIN with its process; a run that still needs it waits for an officer.
    if ((await app.call('station.status', {})).session === null) {
      await page.getByRole('main').getByRole('button', { name: 'Open signing session' }).first().click();
      await openSession(page);
    }
    for (const number of [1, 2]) {
      const again = page.getByRole('region', { name: `Slot ${String(number)},` }).getByRole('button', { name: /^Try again/u });
      await expect(slot(page, number, 'PASS').or(again)).toBeVisible();
      if (await again.isVisible()) await again.click();
      await expect(slot(page, number, 'PASS')).toBeVisible();
    }
    expect((await app.call('doctor.run', {})).filter(({ ok }) => !ok)).toEqual([]);
  });
}

test('nothing of the app outlives its window', async ({ app }) => {
  await app.call('station.tryOut', {});
  const pids = [await app.servicePid('station'), await app.servicePid('signer')];
  await app.close();
  const alive = pids.filter((pid) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  });
  expect(alive).toEqual([]);
});

test('a second start on the same data folder shows the first window', async ({ app }) => {
  expect(await app.secondStart()).toBe(0);
  expect(app.electron.windows()).toHaveLength(1);
});
