import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../../src-main/contract/errors.ts';
import { actOnSlot } from '../../../src-renderer/features/line/actions.ts';
import { useLine } from '../../../src-renderer/features/line/store.ts';
import * as given from '../../support/renderer-mock/fixtures.ts';
import { MockStation } from '../../support/renderer-mock/station.ts';

const page = globalThis as { birthmark?: unknown };
const failed = given.slot(3, { state: 'FAIL', failure: given.failure('VERIFY_MISMATCH', { item: 'key' }) });
let station: MockStation;

/** The next state of the line in which nothing is under way. */
const settled = (): Promise<void> =>
  new Promise((resolve) => {
    const end = useLine.subscribe(({ busy }) => {
      if (busy.size > 0) return;
      end();
      resolve();
    });
  });

describe('the number key of a slot', () => {
  beforeEach(() => {
    station = new MockStation();
    page.birthmark = station;
    useLine.setState({ slots: [failed], busy: new Set(), failure: null });
  });
  afterEach(() => delete page.birthmark);

  it('does the slot’s first action, once, however often it is pressed', async () => {
    station.answer('line.retry', () => given.slot(3, { state: 'RUNNING' }));
    const end = settled();
    actOnSlot(3);
    actOnSlot(3);
    await end;
    expect(station.called).toEqual([{ name: 'line.retry', input: { slot: 3 } }]);
    expect(useLine.getState().slots?.[0]?.state).toBe('RUNNING');
  });

  it('leaves a unit with an identity as it is', async () => {
    useLine.setState({ slots: [given.slot(6, { state: 'HAS_IDENTITY' })] });
    station.answer('line.reject', () => given.slot(6, { state: 'REMOVE' }));
    const end = settled();
    actOnSlot(6);
    await end;
    expect(station.called.map(({ name }) => name)).toEqual(['line.reject']);
  });

  it('does nothing where there is nothing to do', () => {
    useLine.setState({ slots: [given.slot(1, { state: 'RUNNING' })] });
    actOnSlot(1);
    actOnSlot(9);
    expect(station.called).toEqual([]);
  });

  it('shows why it was refused', async () => {
    station.answer('line.retry', () => {
      throw new Failure('SESSION_NONE');
    });
    const end = settled();
    actOnSlot(3);
    await end;
    expect(useLine.getState().failure?.code).toBe('SESSION_NONE');
  });
});
