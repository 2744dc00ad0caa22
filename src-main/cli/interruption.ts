export interface Interruption {
  /** 128 and the signal's number, as shells have it. */
  readonly exitCode: number;
}

const exitCodeOf = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Waits for the first signal that asks this process to end. A second one ends it the hard way, which is why each is heard once. */
export function nextSignal(): Promise<Interruption> {
  return new Promise((resolve) => {
    for (const [name, exitCode] of Object.entries(exitCodeOf)) process.once(name, () => resolve({ exitCode }));
  });
}
