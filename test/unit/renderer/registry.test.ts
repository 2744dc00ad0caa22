import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CallOutput } from '../../../src-main/contract/calls.ts';
import { rangeText } from '../../../src-renderer/features/registry/paging.ts';
import { loadPage, turnTo, useRegistry } from '../../../src-renderer/features/registry/store.ts';
import * as given from '../../support/renderer-mock/fixtures.ts';
import { MockStation } from '../../support/renderer-mock/station.ts';

describe('pages', () => {
  it('say where they stand', () => {
    expect(rangeText(1, 100, 1234)).toBe('101–200 of 1,234');
    expect(rangeText(0, 0, 0)).toBe('none');
  });
});

describe('the registry', () => {
  const page = globalThis as { birthmark?: unknown };
  let station: MockStation;

  beforeEach(() => {
    station = new MockStation();
    page.birthmark = station;
    useRegistry.setState({ tab: 'devices', search: '', status: null, cursors: [], devices: null, certificates: null, failure: null });
  });
  afterEach(() => delete page.birthmark);

  it('drops an answer that was overtaken by a newer question', async () => {
    const answers: ((page: CallOutput<'devices.list'>) => void)[] = [];
    station.answer('devices.list', () => new Promise((resolve) => void answers.push(resolve)));
    const slow = loadPage();
    const quick = loadPage();
    answers[1]?.({ total: 2, rows: given.devices(2), next: null });
    await quick;
    answers[0]?.({ total: 1, rows: given.devices(1), next: null });
    await slow;
    expect(useRegistry.getState().devices?.total).toBe(2);
  });

  it('begins a new tab at its first page', () => {
    station.answer('certificates.list', () => ({ total: 0, rows: [], next: null }));
    useRegistry.setState({ cursors: ['1', '2'] });
    turnTo({ tab: 'certificates', status: null });
    expect(useRegistry.getState()).toMatchObject({ tab: 'certificates', cursors: [] });
    expect(station.called).toEqual([{ name: 'certificates.list', input: { search: '', limit: 100, cursor: null } }]);
  });

  it('goes on after the last row that it showed, and back by the way it came', async () => {
    const asked: unknown[] = [];
    station.answer('devices.list', ({ cursor }) => {
      asked.push(cursor);
      return { total: 3, rows: given.devices(1), next: cursor === null ? 'second' : null };
    });
    await loadPage();
    turnTo({ cursors: ['second'] });
    turnTo({ cursors: [] });
    expect(asked).toEqual([null, 'second', null]);
  });

  it('keeps the rows that are shown when a question fails', async () => {
    useRegistry.setState({ devices: { total: 1, rows: given.devices(1), next: null } });
    await loadPage();
    expect(useRegistry.getState()).toMatchObject({ devices: { total: 1 }, failure: { code: 'INTERNAL' } });
  });
});
