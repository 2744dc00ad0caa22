import { expect, test } from './support/test.ts';

test('the window and both services answer from the first second', async ({ app }, info) => {
  const status = await app.call('station.status', {});
  expect(status.phase).toBe('first-run');
  await app.page.screenshot({ path: info.outputPath('first-run.png') });
});
