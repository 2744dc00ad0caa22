import { beforeEach, describe, expect, it } from 'vitest';
import { slotStates } from '../../../src-main/contract/models.ts';
import { actionsOf, isWaiting, labelOf, positionOf, shownMs, toneFor } from '../../../src-renderer/features/line/slot-face.ts';
import { marked, takeSlot, useLine, withSlot } from '../../../src-renderer/features/line/store.ts';
import { verdictOf } from '../../../src-renderer/features/line/verdict.ts';
import * as given from '../../support/renderer-mock/fixtures.ts';

describe('what a slot offers', () => {
  it('tries a failed unit again only where the catalogue says that it can help', () => {
    const mismatch = given.slot(3, { state: 'FAIL', failure: given.failure('VERIFY_MISMATCH', { item: 'certificate' }) });
    const wrongKey = given.slot(3, { state: 'FAIL', failure: given.failure('CSR_SIGNATURE_BAD') });
    expect(actionsOf(mismatch)).toEqual(['retry', 'reject']);
    expect(actionsOf(wrongKey)).toEqual(['reject']);
  });

  it('never offers a new identity, which revokes the old one, to the number key', () => {
    for (const state of slotStates) expect(actionsOf(given.slot(1, { state }))[0]).not.toBe('reprovision');
  });

  it('has nothing to press while a run is under way or after a PASS', () => {
    for (const state of ['EMPTY', 'READY', 'RUNNING', 'PASS', 'REMOVE'] as const) expect(actionsOf(given.slot(1, { state }))).toEqual([]);
  });

  it('is loud about a unit that lay there as good and was revoked since', () => {
    expect(toneFor(given.slot(1, { state: 'REMOVE', certificateRevoked: true }))).toBe('fail');
    expect(toneFor(given.slot(1, { state: 'REMOVE' }))).toBe('idle');
  });

  it('waits where it cannot start, and is ready only where it can', () => {
    expect(isWaiting(given.slot(1, { state: 'READY' }), false)).toBe(false);
    expect(isWaiting(given.slot(1, { state: 'READY' }), true)).toBe(true);
    expect(isWaiting(given.slot(1, { state: 'READY', failure: given.failure('SESSION_NONE') }), false)).toBe(true);
    expect(isWaiting(given.slot(1, { state: 'RUNNING' }), true)).toBe(false);
  });

  it('looks like a pass only when it passed', () => {
    expect(slotStates.filter((state) => toneFor(given.slot(1, { state })) === 'pass')).toEqual(['PASS']);
  });
});

describe('a run under way', () => {
  it('counts its steps and how far the step is', () => {
    expect(positionOf({ step: 'install', progress: { done: 1200, total: 2400 } })).toMatchObject({ step: 6, total: 12, within: 0.5 });
    expect(positionOf({ step: null, progress: null })).toMatchObject({ step: null, within: 0, overall: 0 });
    expect(positionOf({ step: 'install', progress: { done: 5, total: 0 } }).within).toBe(0);
    expect(positionOf({ step: 'install', progress: { done: 9, total: 5 } }).within).toBe(1);
  });

  it('shows the running time, and the whole time afterwards', () => {
    const startedAt = '2026-03-02T08:00:00.000Z';
    const now = Date.parse(startedAt) + 4700;
    expect(shownMs({ state: 'RUNNING', ms: 1, startedAt }, now)).toBe(4700);
    expect(shownMs({ state: 'PASS', ms: 8100, startedAt }, now)).toBe(8100);
    expect(shownMs({ state: 'EMPTY', ms: 8100, startedAt: null }, now)).toBeNull();
  });
});

describe('the slots of the line', () => {
  beforeEach(() => useLine.setState({ slots: [given.slot(1, { state: 'RUNNING' }), given.slot(2)], verdict: null }));

  it('replaces one slot and keeps their order', () => {
    const slots = withSlot([given.slot(2), given.slot(10)], given.slot(1, { state: 'PASS' }));
    expect(slots.map(({ slot }) => slot)).toEqual([1, 2, 10]);
    expect(withSlot(slots, given.slot(2, { state: 'FAIL' })).map(({ state }) => state)).toEqual(['PASS', 'FAIL', 'EMPTY']);
  });

  it('marks and unmarks without touching the set that others hold', () => {
    const before = new Set([1]);
    expect([...marked(before, 2, true)]).toEqual([1, 2]);
    expect([...marked(before, 1, false)]).toEqual([]);
    expect([...before]).toEqual([1]);
  });

  it('speaks up once when a run ends', () => {
    takeSlot(given.slot(1, { state: 'FAIL', failure: given.failure('VERIFY_MISMATCH', { item: 'key' }) }));
    expect(useLine.getState().verdict).toEqual({ sound: 'bad', sentence: 'Slot 1: FAIL. The unit stored something else' });
    const first = useLine.getState().verdict;
    takeSlot(given.slot(1, { state: 'FAIL', failure: given.failure('VERIFY_MISMATCH', { item: 'key' }) }));
    expect(useLine.getState().verdict).toBe(first);
  });

  it('is quiet about steps, and about slots it sees for the first time', () => {
    expect(verdictOf(given.slot(1, { state: 'READY' }), given.slot(1, { state: 'RUNNING' }))).toBeNull();
    expect(verdictOf(undefined, given.slot(1, { state: 'PASS' }))).toBeNull();
  });

  it('sounds a pass and a unit that is only not verified apart', () => {
    const before = given.slot(1, { state: 'RUNNING' });
    expect(verdictOf(before, given.slot(1, { state: 'PASS' }))?.sound).toBe('good');
    expect(verdictOf(before, given.slot(1, { state: 'NOT_VERIFIED' }))?.sound).toBe('ask');
  });

  it('shows what is printed on the label', () => {
    expect(labelOf('acme/T2-000131')).toBe('T2-000131');
  });
});
