import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestStation } from '../../support/station.ts';

describe('a unit that has an identity', () => {
  let station: TestStation;
  beforeAll(async () => {
    station = await TestStation.tryOut(1);
    expect((await station.run(1)).state).toBe('PASS');
  });
  afterAll(() => station.dispose());

  const statuses = async (): Promise<string[]> =>
    (await station.call('certificates.list', { search: 'acme/' })).rows.map((row) => `${row.status} ${row.reason ?? ''}`.trim());

  const renewed = async (): Promise<string> => {
    const ended = station.slotIs(1, 'PASS', 'FAIL');
    await station.call('line.reprovision', { slot: 1 });
    return (await ended).state;
  };

  it('is a question, not a run: nothing is signed', async () => {
    const before = await statuses();
    const view = await station.replug(1);
    expect(view).toMatchObject({ state: 'HAS_IDENTITY', device: 'acme/S1-000001' });
    expect(await statuses()).toEqual(before);
  });

  it('gets a new one when the operator says so, although it is locked; the old certificate is superseded', async () => {
    expect(await renewed()).toBe('PASS');
    expect(await statuses()).toEqual(['ACTIVE', 'REVOKED superseded']);
    expect(await station.problems()).toEqual([]);
  });

  it('does not heal itself by being plugged in again after it was revoked', async () => {
    await station.call('revocations.revoke', { selector: { device: 'acme/S1-000001' }, reason: 'keyCompromise' });
    expect((await station.replug(1)).state).toBe('HAS_IDENTITY');
    expect((await statuses())[0]).toBe('REVOKED keyCompromise');
  });

  it('comes back after a revocation only by an officer', async () => {
    expect(await renewed()).toBe('PASS');
    expect(await station.problems()).toEqual([]);
  });
});

describe('a technician', () => {
  it('cannot give a revoked device a new identity', async () => {
    const station = new TestStation({ face: 'window' });
    try {
      await station.call('station.tryOut', { slots: 1, plug: false });
      await station.call('operators.signIn', { name: 'Officer' });
      expect((await station.run(1)).state).toBe('PASS');
      await station.call('revocations.revoke', { selector: { device: 'acme/S1-000001' }, reason: 'keyCompromise' });
      await station.call('operators.signIn', { name: 'Technician' });
      expect((await station.replug(1)).state).toBe('HAS_IDENTITY');
      await expect(station.call('line.reprovision', { slot: 1 })).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    } finally {
      await station.dispose();
    }
  });
});
