import type { App } from './support/app.ts';
import { expect, test } from './support/test.ts';

const slotOne = async (app: App): Promise<string | undefined> => (await app.call('line.slots', {})).find(({ slot }) => slot === 1)?.state;

/** Answers the question that a native dialog would ask a person, and keeps what it said. */
async function answerDialog(app: App, response: number): Promise<() => Promise<string>> {
  await app.electron.evaluate(({ dialog }, choice) => {
    const asked: string[] = [];
    Object.assign(globalThis, { asked });
    dialog.showMessageBox = ((_window: unknown, options: { detail: string }) => {
      asked.push(options.detail);
      return Promise.resolve({ response: choice, checkboxChecked: false });
    }) as typeof dialog.showMessageBox;
  }, response);
  return () => app.electron.evaluate(() => (globalThis as unknown as { asked: string[] }).asked.join('\n'));
}

const closeWindow = (app: App): Promise<void> => app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());

test('a window that is closed while a unit is written asks, naming the slot, and closes when that is done', async ({ app }) => {
  await app.call('station.tryOut', {});
  await app.call('operators.signIn', { name: 'Officer' });
  await expect.poll(() => slotOne(app)).toBe('PASS');
  await app.call('bench.unplug', { slot: 1 });
  await expect.poll(() => slotOne(app)).toBe('EMPTY');
  // A unit that stops answering keeps its slot busy for a while.
  await app.call('bench.plug', { slot: 1, fault: 'peer-stalls' });
  await expect.poll(() => slotOne(app)).toBe('RUNNING');

  const keepOpen = await answerDialog(app, 0);
  await closeWindow(app);
  expect(await keepOpen()).toContain('Slot 1 is being written');
  expect(await slotOne(app)).toBe('RUNNING');

  const gone = app.exited();
  await answerDialog(app, 1);
  await closeWindow(app);
  await gone;
  expect(await app.log()).not.toContain('the main process ends');
});
