import { create } from 'zustand';
import { loadStatus, setWorkplace, useStation } from '../../app/station.ts';
import { type FailureData, toFailureData } from '../../../src-main/contract/errors.ts';
import { call } from '../../lib/client.ts';

interface SetupState {
  readonly stage: 'choose' | 'confirm' | 'making';
  readonly failure: FailureData | null;
}

export const useSetup = create<SetupState>(() => ({ stage: 'choose', failure: null }));

export const showConfirm = (): void => useSetup.setState({ stage: 'confirm', failure: null });
export const showChoice = (): void => useSetup.setState({ stage: 'choose', failure: null });

/** Makes the try-out station; progress comes as `setup.progress`, and the Line is next. */
export async function startTryOut(): Promise<void> {
  useSetup.setState({ stage: 'making', failure: null });
  useStation.setState({ setup: null });
  setWorkplace('line');
  try {
    await call('station.tryOut', {});
    await call('operators.signIn', { name: 'Officer' });
    await loadStatus();
    useSetup.setState({ stage: 'choose' });
  } catch (error) {
    useSetup.setState({ stage: 'confirm', failure: toFailureData(error) });
  }
}
