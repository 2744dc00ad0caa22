import AxeBuilder from '@axe-core/playwright';
import type { Locator, Page } from '@playwright/test';
import { tryOutPin } from '../../../src-main/contract/index.ts';
import type { App } from './app.ts';
import { expect } from './test.ts';

/** A slot that shows this state, by its accessible name. */
export const slot = (page: Page, number: number, state: string): Locator =>
  page.getByRole('region', { name: `Slot ${String(number)}, ${state}`, exact: true });

/** An item of the status bar. */
export const statusItem = (page: Page, name: string): Locator =>
  page.getByRole('contentinfo').getByRole('button', { name: new RegExp(`^${name}`, 'u') });

/** A try-out station with the officer at it and units that passed in all of its slots. */
export async function tryOut(app: App, slots: number): Promise<void> {
  await app.call('station.tryOut', { slots });
  await app.call('operators.signIn', { name: 'Officer' });
  await app.page.reload();
  for (let number = 1; number <= slots; number++) await expect(slot(app.page, number, 'PASS')).toBeVisible();
}

/** Takes the unit out of a slot and puts another in, as the hands of a person would. */
export async function replug(
  app: App,
  number: number,
  unit: { readonly fault?: string; readonly hardwareId?: string } = {},
): Promise<void> {
  await app.call('bench.unplug', { slot: number });
  await expect(slot(app.page, number, 'EMPTY')).toBeVisible();
  await app.call('bench.plug', { slot: number, ...unit });
}

/** A scanner types: all keys of the label at once, with Enter behind them. No key waits for what the page makes of the one before. */
export async function scan(app: App, label: string): Promise<void> {
  await app.electron.evaluate(
    ({ BrowserWindow }, keys) => {
      const page = BrowserWindow.getAllWindows()[0]?.webContents;
      for (const keyCode of keys) {
        const modifiers = /^[A-Z]$/u.test(keyCode) ? (['shift'] as const) : [];
        for (const type of ['keyDown', 'char', 'keyUp'] as const) page?.sendInputEvent({ type, keyCode, modifiers: [...modifiers] });
      }
    },
    [...label, 'Enter'],
  );
}

/** Opens a signing session from wherever the officer is asked for one. */
export async function openSession(page: Page, pin = tryOutPin): Promise<void> {
  await page.getByLabel('Reason').fill('early shift');
  await page.keyboard.press('Enter');
  // A PIN is taken once the signer has said what it would allow.
  await expect(page.getByRole('region', { name: 'The signer will, with this PIN:' })).toBeVisible();
  await page.getByLabel(/^PIN of/u).fill(pin);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('dialog')).toBeHidden();
}

/** No rule of accessibility is broken in either theme. */
export async function expectAccessible(page: Page): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const { violations } = await new AxeBuilder({ page }).setLegacyMode(true).analyze();
    expect(violations.map((found) => `${found.id}: ${found.nodes.map((node) => node.target.join(' ')).join(', ')}`)).toEqual([]);
  }
}

/** No two things of a slot lie on top of each other or reach out of it. */
export async function expectTidySlots(page: Page): Promise<void> {
  const troubles = await page.evaluate(() => {
    const found: string[] = [];
    const shown = (element: Element): boolean => getComputedStyle(element).visibility === 'visible' && element.getClientRects().length > 0;
    for (const one of document.querySelectorAll('.slot')) {
      const around = one.getBoundingClientRect();
      const parts = [...one.querySelectorAll('.no, .word, .id, .cause b, .acts .btn, .foot > *')].filter(shown);
      for (const [index, part] of parts.entries()) {
        const a = part.getBoundingClientRect();
        const name = `${one.getAttribute('aria-label') ?? ''}: ${part.textContent}`;
        if (a.left < around.left || a.right > around.right || a.top < around.top || a.bottom > around.bottom)
          found.push(`${name} reaches out`);
        for (const other of parts.slice(index + 1)) {
          const b = other.getBoundingClientRect();
          const apart = a.right <= b.left + 1 || b.right <= a.left + 1 || a.bottom <= b.top + 1 || b.bottom <= a.top + 1;
          if (!apart && !part.contains(other)) found.push(`${name} lies on ${other.textContent}`);
        }
      }
    }
    return found;
  });
  expect(troubles).toEqual([]);
}

/** The window in a size that stations have. */
export async function resize(app: App, width: number, height: number): Promise<void> {
  await app.electron.evaluate(({ BrowserWindow }, [w, h]) => BrowserWindow.getAllWindows()[0]?.setContentSize(w, h), [
    width,
    height,
  ] as const);
  await expect.poll(() => app.page.evaluate(() => [innerWidth, innerHeight])).toEqual([width, height]);
}
