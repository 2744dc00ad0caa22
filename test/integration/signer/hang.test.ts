import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TokenRef } from '../../../src-main/contract/index.ts';
import { readLastCall } from '../../../src-main/service-host/index.ts';
import { makeShimFolder, type ShimFolder } from '../../support/shim.ts';
import { forkSigner, type SignerProcess } from '../../support/signer-process.ts';
import { failureOf, SignerBench } from '../../support/signer.ts';

describe('a module that does not return, in a process of its own', () => {
  let folder: ShimFolder;
  let marker: string;
  let child: SignerProcess;
  let bench: SignerBench;
  let token: TokenRef;

  beforeEach(async () => {
    folder = makeShimFolder();
    marker = join(folder.dir, 'last-call');
    bench = new SignerBench({
      folder,
      marker,
      deadlineMs: 400,
      create: (options) => (child = forkSigner(options)),
    });
    await bench.start();
    token = await bench.makeToken();
  });
  afterEach(async () => {
    await bench.stop();
  });

  it('fails the call by name when C_Sign hangs, asks for a new process, and every later call fails too', async () => {
    await bench.openSession(bench.ceremonyTerms(token));
    folder.fault('hang C_Sign');
    const generate = (ckaId: string): Promise<unknown> => bench.client('key.generate', { ckaId, label: 'x', algorithm: 'ec-p256' });
    expect(await failureOf(generate('01'))).toMatchObject({ code: 'TOKEN_HUNG', params: { method: 'C_Sign', ms: 400 } });
    await expect.poll(() => bench.hangs).toEqual([{ method: 'C_Sign', ms: 400 }]);
    expect(await bench.client('session.current', {})).toBeNull();
    const { requestId } = await bench.client('session.request', bench.ceremonyTerms(token));
    expect((await failureOf(bench.enterPin(requestId))).code).toBe('TOKEN_HUNG');
    expect(readLastCall(marker)).toEqual({ method: 'C_Sign', hungMs: 400 });
  });

  it('is ended by its watchdog when a blocking call hangs, and the marker says which', async () => {
    const { requestId } = await bench.client('session.request', bench.ceremonyTerms(token));
    folder.fault('hang C_Login');
    expect((await failureOf(bench.enterPin(requestId))).code).toBe('SERVICE_CRASHED');
    expect(await child.ended).toBe('SIGKILL');
    expect(readLastCall(marker)).toEqual({ method: 'C_Login', hungMs: 400 });
  });

  it('that crashes leaves the name of the call', async () => {
    const { requestId } = await bench.client('session.request', bench.ceremonyTerms(token));
    folder.fault('crash C_Login');
    expect((await failureOf(bench.enterPin(requestId))).code).toBe('SERVICE_CRASHED');
    expect(await child.ended).toBe('SIGSEGV');
    expect(readLastCall(marker)).toEqual({ method: 'C_Login', hungMs: null });
  });
});
