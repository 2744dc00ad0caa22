interface Line {
  close(): Promise<void>;
}

interface Session {
  /** Is this our protocol? Writes nothing. */
  probe(signal: AbortSignal): Promise<void>;
}

/**
 * A session that has found out that the unit speaks its protocol. Where it does not, the line is closed again.
 * @throws what the line or the session throws; the signal’s reason.
 */
export async function probed<L extends Line, S extends Session>(
  signal: AbortSignal,
  open: () => Promise<L>,
  sessionOn: (line: L) => S,
): Promise<S> {
  let line: L | null = null;
  try {
    line = await open();
    const session = sessionOn(line);
    await session.probe(signal);
    return session;
  } catch (thrown) {
    await line?.close();
    throw thrown;
  }
}
