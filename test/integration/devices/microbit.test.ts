import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeStationKey } from '../../../src-main/station/ca/index.ts';
import { openUnit, type UnitSession } from '../../../src-main/station/devices/index.ts';
import { TestCa } from '../../support/agent.ts';
import { EmulatedBoard } from '../../support/qemu.ts';
import { shippedProfile } from '../../support/profiles.ts';

const never = (): { signal: AbortSignal } => ({ signal: new AbortController().signal });
const ca = new TestCa();
let board: EmulatedBoard;
beforeAll(async () => {
  board = await EmulatedBoard.microbit().start();
});
afterAll(async () => {
  await board.dispose();
  ca.dispose();
});

test('a real micro:bit firmware, from before raw-paste, hashlib and fromhex, is provisioned, read back, found to be provisioned, and emptied', async () => {
  const lines: string[] = [];
  const open = (): Promise<UnitSession> =>
    openUnit({ path: board.path, profile: shippedProfile('micropython'), ...never(), onTranscript: ({ text }) => lines.push(text) });
  const session = await open();
  const unit = await session.identify(never());
  expect(unit).toMatchObject({
    hardwareId: '0300000078563412',
    model: 'micro:bit with nRF51822',
    firmware: 'micropython 1.9.2',
    provisioned: false,
  });
  const key = await makeStationKey('ec-p256', 'acme/M-1');
  const { credentials } = await ca.issue(key.csr);
  const installed = await session.install({ ...credentials, privateKey: key.pkcs8 }, unit, never());
  await session.readBack(installed, never());
  const cert = installed.find(({ item }) => item === 'cert');
  await expect(session.readBack([{ item: 'cert', bytes: 1, algorithm: 'sha256', digest: '00'.repeat(32) }], never())).rejects.toMatchObject(
    {
      code: 'VERIFY_MISMATCH',
      params: { actual: cert?.digest },
    },
  );
  await session.close();

  const again = await open();
  expect(await again.identify(never())).toMatchObject({ hardwareId: unit.hardwareId, provisioned: true });
  await again.readBack(installed, never());
  await again.erase(never());
  expect(await again.identify(never())).toMatchObject({ provisioned: false });
  await again.close();
  expect(lines).toContain('plain raw mode: it does not know raw-paste');
});
