import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Failure, type FailureData, type SignerEventName } from '../../src-main/contract/index.ts';
import type { SignerOptions, SignerService } from '../../src-main/signer/index.ts';

interface Answer {
  readonly id?: number;
  readonly value?: unknown;
  readonly failure?: FailureData;
  readonly event?: SignerEventName;
  readonly payload?: unknown;
  readonly hang?: { method: string; ms: number };
  readonly stuck?: true;
}

export interface SignerProcess extends SignerService {
  /** The signal that ended it. */
  readonly ended: Promise<string | null>;
}

/** A signer in a child process; the calls that are pending when it dies fail as SERVICE_CRASHED. */
export function forkSigner(options: SignerOptions): SignerProcess {
  const child: ChildProcess = fork(
    new URL('signer-child.ts', import.meta.url),
    [
      options.marker ?? '',
      String(options.deadlineMs ?? 15_000),
      options.pinPad ?? '',
      String(options.pinPadMs ?? 90_000),
      options.memory ?? '',
    ],
    { serialization: 'advanced' },
  );
  const pending = new Map<number, { resolve: (value: unknown) => void; reject: (error: Failure) => void }>();
  let calls = 0;
  child.on('message', (answer: Answer) => {
    if (answer.event !== undefined) options.emit(answer.event, answer.payload);
    if (answer.hang !== undefined) options.onHung(answer.hang);
    if (answer.stuck !== undefined) options.onStuck();
    const call = pending.get(answer.id ?? -1);
    pending.delete(answer.id ?? -1);
    if (answer.failure !== undefined) call?.reject(Failure.fromData(answer.failure));
    else call?.resolve(answer.value);
  });
  const ended = once(child, 'exit').then(([, signal]) => {
    for (const { reject } of pending.values()) reject(new Failure('SERVICE_CRASHED', { service: 'signer' }));
    return signal as string | null;
  });
  return {
    ended,
    handle: (name, input) =>
      new Promise((resolve, reject) => {
        const id = ++calls;
        pending.set(id, { resolve, reject });
        child.send({ id, name, input });
      }),
    close: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
