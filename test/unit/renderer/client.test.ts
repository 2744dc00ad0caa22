import { afterEach, describe, expect, it } from 'vitest';
import { catalogue } from '../../../src-main/contract/catalogue/index.ts';
import { Failure } from '../../../src-main/contract/errors.ts';
import { en } from '../../../src-renderer/i18n/en.ts';
import { t } from '../../../src-renderer/i18n/index.ts';
import { call } from '../../../src-renderer/lib/client.ts';
import { failureReport } from '../../../src-renderer/lib/failure-report.ts';
import { whoCan } from '../../../src-renderer/lib/labels.ts';
import { placeFor } from '../../../src-renderer/features/line/remedy.ts';
import * as given from '../../support/renderer-mock/fixtures.ts';
import { MockStation } from '../../support/renderer-mock/station.ts';

const page = globalThis as { birthmark?: unknown };

describe('a call to the station', () => {
  afterEach(() => delete page.birthmark);

  it('gives the value, or throws what went wrong with its code', async () => {
    page.birthmark = new MockStation()
      .answer('station.status', () => given.status())
      .answer('sessions.close', () => {
        throw new Failure('SESSION_NONE');
      });
    expect((await call('station.status', {})).name).toBe('Line 2');
    await expect(call('sessions.close', {})).rejects.toMatchObject({ name: 'Failure', code: 'SESSION_NONE' });
  });

  it('says so when the page was opened without its preload', async () => {
    await expect(call('station.status', {})).rejects.toThrow('preload');
  });
});

describe('texts', () => {
  it('fills in what they name', () => {
    expect(t('slot.step', { n: 5, total: 12 })).toBe('step 5 of 12');
  });

  it('have a word for everybody whom the catalogue sends for', () => {
    for (const { who } of Object.values(catalogue)) expect(en).toHaveProperty([`who.${who}`], whoCan(who));
  });

  it('lead to a place for everything that needs an officer’s session', () => {
    expect(placeFor('SESSION_QUOTA_USED')).toBe('session');
    expect(placeFor('BROKER_AWAY')).toBe('broker');
    expect(placeFor('PIN_LOCKED')).toBe('security');
    expect(placeFor('NO_ORDER')).toBe('order');
    expect(placeFor('TOKEN_ABSENT')).toBe('security');
    expect(placeFor('DISK_FULL')).toBeNull();
  });

  it('copy everything that support needs about a failure', () => {
    const report = failureReport(given.failure('VERIFY_MISMATCH', { item: 'certificate' }, 'offset 412'), '2026-03-02T08:00:00.000Z');
    expect(report).toBe(
      'VERIFY_MISMATCH: The unit stored something else\nWhat the unit stored as its certificate is not what the station sent.\nparameters:\n  item: certificate\ndetail: offset 412\nat 2026-03-02T08:00:00.000Z',
    );
  });
});
