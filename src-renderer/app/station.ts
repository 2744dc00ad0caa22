import { create } from 'zustand';
import type { EventPayload } from '../../src-main/contract/calls.ts';
import { type FailureData, toFailureData } from '../../src-main/contract/errors.ts';
import type { StationStatus } from '../../src-main/contract/models.ts';
import { useShallow } from 'zustand/react/shallow';
import { call, on } from '../lib/client.ts';
import type { Sources } from './status-items.ts';
import type { Workplace } from './workplaces.ts';

export type SetupProgress = EventPayload<'setup.progress'>;
type ServiceChange = EventPayload<'service.changed'>;

interface StationState {
  readonly status: StationStatus | null;
  /** Why there is no status, when asking for it failed. */
  readonly failure: FailureData | null;
  readonly restarting: readonly ServiceChange['service'][];
  /** When a service was last up again, in milliseconds since the epoch. */
  readonly restartedAt: number | null;
  readonly setup: SetupProgress | null;
  readonly workplace: Workplace;
}

/** The station as every screen sees it: kept by `status.changed`. */
export const useStation = create<StationState>(() => ({
  status: null,
  failure: null,
  restarting: [],
  restartedAt: null,
  setup: null,
  workplace: 'line',
}));

/** Which services can be asked now. A status that could not be read again is not known either. */
export const useSources = (): Sources =>
  useStation(
    useShallow(({ restarting, failure }) => ({
      station: failure === null && !restarting.includes('station'),
      signer: !restarting.includes('signer'),
    })),
  );

/** The services that are starting again, after one more change. */
export function afterServiceChange(
  restarting: readonly ServiceChange['service'][],
  change: ServiceChange,
): readonly ServiceChange['service'][] {
  const others = restarting.filter((service) => service !== change.service);
  return change.state === 'restarting' ? [...others, change.service] : others;
}

export const setStatus = (status: StationStatus): void => useStation.setState({ status, failure: null });
export const setWorkplace = (workplace: Workplace): void => useStation.setState({ workplace });

export async function loadStatus(): Promise<void> {
  try {
    setStatus(await call('station.status', {}));
  } catch (error) {
    useStation.setState({ failure: toFailureData(error) });
  }
}

/** Begins to follow the station; the returned function ends it. */
export function followStation(): () => void {
  const ends = [
    on('status.changed', (shared) => setStatus({ ...shared, operator: useStation.getState().status?.operator ?? null })),
    on('operator.changed', (operator) =>
      useStation.setState(({ status }) => ({ status: status === null ? null : { ...status, operator } })),
    ),
    on('session.changed', (session) => useStation.setState(({ status }) => ({ status: status === null ? null : { ...status, session } }))),
    on('setup.progress', (setup) => useStation.setState({ setup })),
    on('service.changed', (change) => {
      const { restarting, restartedAt } = useStation.getState();
      const isBack = change.state === 'up' && restarting.includes(change.service);
      useStation.setState({
        restarting: afterServiceChange(restarting, change),
        restartedAt: isBack ? Date.now() : restartedAt,
      });
      if (change.state === 'up') void loadStatus();
    }),
  ];
  void loadStatus();
  return () => ends.forEach((end) => end());
}
