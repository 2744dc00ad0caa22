import { create } from 'zustand';
import { type FailureData, toFailureData } from '../../../src-main/contract/errors.ts';
import type { RevocationView } from '../../../src-main/contract/models.ts';
import { call, on } from '../../lib/client.ts';

interface RevocationsState {
  /** Newest first; null until they were read. */
  readonly rows: readonly RevocationView[] | null;
  readonly total: number;
  readonly failure: FailureData | null;
}

const shown = 50;

/** The latest revocations, kept by `revocation.changed`. */
export const useRevocations = create<RevocationsState>(() => ({ rows: null, total: 0, failure: null }));

/** The rows with one changed or added, newest first; a new one counts. */
export function withRevocation(
  state: Pick<RevocationsState, 'rows' | 'total'>,
  changed: RevocationView,
): Pick<RevocationsState, 'rows' | 'total'> {
  const rows = state.rows ?? [];
  const isNew = !rows.some(({ serial }) => serial === changed.serial);
  const next = [...rows.filter(({ serial }) => serial !== changed.serial), changed].sort((a, b) =>
    b.recordedAt.localeCompare(a.recordedAt),
  );
  return { rows: next, total: state.total + (isNew ? 1 : 0) };
}

/** How many are recorded but not yet in force; null when that is not known. */
export const pendingOf = (rows: readonly RevocationView[] | null): number | null =>
  rows?.filter(({ state }) => state !== 'EFFECTIVE').length ?? null;

export const takeRevocation = (changed: RevocationView): void => useRevocations.setState((state) => withRevocation(state, changed));

async function load(): Promise<void> {
  try {
    const { rows, total } = await call('revocations.list', { limit: shown });
    useRevocations.setState({ rows: [...rows].sort((a, b) => b.recordedAt.localeCompare(a.recordedAt)), total, failure: null });
  } catch (error) {
    useRevocations.setState({ failure: toFailureData(error) });
  }
}

/** Begins to follow the revocations; the returned function ends it. */
export function followRevocations(): () => void {
  const ends = [
    on('revocation.changed', takeRevocation),
    on('service.changed', ({ service, state }) => {
      if (service === 'station' && state === 'up') void load();
    }),
  ];
  void load();
  return () => ends.forEach((end) => end());
}
