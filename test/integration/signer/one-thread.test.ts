import { afterAll, expect, it } from 'vitest';
import { makeShimFolder } from '../../support/shim.ts';
import { SignerBench } from '../../support/signer.ts';

const folder = makeShimFolder(73);
folder.fault('one-thread');
const bench = new SignerBench({ folder });
afterAll(async () => {
  await bench.stop();
});

it('a module that cannot lock is never called from a second thread, however slow it is', async () => {
  await bench.start();
  const token = await bench.makeToken();
  await bench.openSession(bench.ceremonyTerms(token));
  // The shim would end this process if C_Sign or C_GenerateKeyPair came from another thread.
  for (const ckaId of ['01', '02'])
    await expect(bench.client('key.generate', { ckaId, label: 'x', algorithm: 'ec-p256' })).resolves.toHaveProperty('key');
});
