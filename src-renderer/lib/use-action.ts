import { useState } from 'react';
import { type FailureData, toFailureData } from '../../src-main/contract/errors.ts';

interface Action {
  readonly busy: boolean;
  readonly failure: FailureData | null;
  /** Runs the work once; a failure is kept to be shown. True when it went well. */
  readonly run: (work: () => Promise<unknown>) => Promise<boolean>;
  readonly clear: () => void;
}

/** A piece of work started by a person: busy while it runs, its failure beside the button that started it. */
export function useAction(): Action {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<FailureData | null>(null);
  const run = async (work: () => Promise<unknown>): Promise<boolean> => {
    setBusy(true);
    setFailure(null);
    try {
      await work();
      return true;
    } catch (error) {
      setFailure(toFailureData(error));
      return false;
    } finally {
      setBusy(false);
    }
  };
  return { busy, failure, run, clear: () => setFailure(null) };
}
