import { create } from 'zustand';
import { type FailureData, toFailureData } from '../../../src-main/contract/errors.ts';
import type { RevocationView } from '../../../src-main/contract/models.ts';
import { call, on } from '../../lib/client.ts';

interface RevocationsState {
  /** Newest first; null until they were read. */
  readonly rows: readonly RevocationView[] | null;
  readonly total: number;
  /** How many are not in force yet; null until they were read, and while they cannot be. */
  readonly pending: number | null;
  readonly failure: FailureData | null;
}

type ReadRevocations = Pick<RevocationsState, 'rows' | 'total'>;

const shown = 50;

/** The latest revocations, kept by `revocation.changed`. */
export const useRevocations = create<RevocationsState>(() => ({ rows: null, total: 0, pending: null, failure: null }));

/** The rows with one changed or added, newest first; a new one counts. Rows that were never read stay unknown. */
export function withRevocation(state: ReadRevocations, changed: RevocationView): ReadRevocations {
  const { rows } = state;
  if (rows === null) return state;
  const isNew = !rows.some(({ serial }) => serial === changed.serial);
  const next = [...rows.filter(({ serial }) => serial !== changed.serial), changed].sort((a, b) =>
    b.recordedAt.localeCompare(a.recordedAt),
  );
  return { rows: next, total: state.total + (isNew ? 1 : 0) };
}

export function takeRevocation(changed: RevocationView): void {
  useRevocations.setState((state) => withRevocation(state, changed));
  // The rows are only the latest: how many wait is for the station to say.
  void loadPending();
}

let asked = 0;

async function loadPending(): Promise<void> {
  const question = ++asked;
  try {
    const { total } = await call('revocations.list', { limit: 1, waiting: true });
    if (question === asked) useRevocations.setState({ pending: total });
  } catch (error) {
    if (question === asked) useRevocations.setState({ pending: null, failure: toFailureData(error) });
  }
}

async function load(): Promise<void> {
  void loadPending();
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
