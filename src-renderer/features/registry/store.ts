import { create } from 'zustand';
import { type FailureData, toFailureData } from '../../../src-main/contract/errors.ts';
import type { CertificateRow, CertificateStatus, DeviceRow } from '../../../src-main/contract/models.ts';
import { call, on } from '../../lib/client.ts';
import { pageRows } from './paging.ts';

export type Tab = 'devices' | 'certificates';

interface Page<T> {
  readonly total: number;
  readonly rows: readonly T[];
  /** The cursor of the next page; null on the last one. */
  readonly next: string | null;
}

interface RegistryState {
  readonly tab: Tab;
  readonly search: string;
  readonly status: CertificateStatus | null;
  /** The cursors of the pages after the first, up to the one that is shown. */
  readonly cursors: readonly string[];
  readonly devices: Page<DeviceRow> | null;
  readonly certificates: Page<CertificateRow> | null;
  readonly failure: FailureData | null;
}

export const useRegistry = create<RegistryState>(() => ({
  tab: 'devices',
  search: '',
  status: null,
  cursors: [],
  devices: null,
  certificates: null,
  failure: null,
}));

let asked = 0;

/** Reads the page that is wanted now; an answer that was overtaken by a newer question is dropped. */
export async function loadPage(): Promise<void> {
  const question = ++asked;
  const { tab, search, status, cursors } = useRegistry.getState();
  const page = { search: search.trim(), limit: pageRows, cursor: cursors.at(-1) ?? null };
  try {
    const answer: Partial<RegistryState> =
      tab === 'devices'
        ? { devices: await call('devices.list', page) }
        : { certificates: await call('certificates.list', status === null ? page : { ...page, status }) };
    if (question === asked) useRegistry.setState({ ...answer, failure: null });
  } catch (error) {
    if (question === asked) useRegistry.setState({ failure: toFailureData(error) });
  }
}

/** Long enough that a typed word is one question, short enough to feel immediate. */
const settleMs = 150;
let settling: ReturnType<typeof setTimeout> | undefined;

function loadSoon(): void {
  clearTimeout(settling);
  settling = setTimeout(() => void loadPage(), settleMs);
}

export function setSearch(search: string): void {
  useRegistry.setState({ search, cursors: [] });
  loadSoon();
}

/** Another tab, status or page: asked for at once. A new tab or status begins at its first page. */
export function turnTo(change: Partial<Pick<RegistryState, 'tab' | 'status' | 'cursors'>>): void {
  useRegistry.setState({ cursors: [], ...change });
  void loadPage();
}

/** Begins to follow the registry; the returned function ends it. */
export function followRegistry(): () => void {
  const ends = [
    on('revocation.changed', loadSoon),
    on('service.changed', ({ service, state }) => {
      if (service === 'station' && state === 'up') loadSoon();
    }),
    on('slot.changed', ({ state }) => {
      if (state === 'PASS' || state === 'FAIL' || state === 'NOT_VERIFIED') loadSoon();
    }),
  ];
  void loadPage();
  return () => {
    clearTimeout(settling);
    ends.forEach((end) => end());
  };
}
