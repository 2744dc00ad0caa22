import { connect, type Socket } from 'node:net';
import { Failure, type Face } from '../../contract/index.ts';
import { fromLine, Lines, toLine } from './lines.ts';
import { Answer, type Owner, type Request } from './messages.ts';

/** Bytes of one answer: lists without a ceiling. */
const longestAnswer = 1024 * 1024 * 1024;
/** For a station that hangs: it answers a hello at once, whatever it is doing. */
const welcomeMs = 60_000;

interface PendingCall {
  readonly resolve: (value: unknown) => void;
  readonly reject: (failure: Failure) => void;
}

export interface JoinOptions {
  readonly address: string;
  readonly version: string;
  readonly face: Face;
  readonly onEvent: (name: string, payload: unknown) => void;
  /** The program that ran the station has ended, or let this face go. */
  readonly onGone: () => void;
}

/** A face's connection to a station that another program runs. */
export class Joined {
  readonly owner: Owner;
  readonly #socket: Socket;
  readonly #calls = new Map<number, PendingCall>();
  #nextId = 0;
  #gone = false;

  private constructor(socket: Socket, owner: Owner) {
    this.#socket = socket;
    this.owner = owner;
  }

  /** Null where no station listens. STATION_OTHER_VERSION, STATION_SILENT, DATA_DENIED. */
  static async join(options: JoinOptions): Promise<Joined | null> {
    const socket = await connected(options.address);
    if (socket === null) return null;
    const lines = new Lines(longestAnswer);
    let joined: Joined | null = null;
    const owner = new Promise<Owner>((resolve, reject) => {
      const silent = setTimeout(() => reject(new Failure('STATION_SILENT', { path: options.address })), welcomeMs);
      socket.once('close', () => {
        clearTimeout(silent);
        // Closed before the welcome: its owner was just ending.
        reject(new Failure('STATION_GONE'));
        if (joined !== null) joined.#end(options.onGone);
      });
      socket.on('data', (chunk) => {
        const answers = answersIn(lines, chunk);
        if (answers === null) socket.destroy();
        for (const answer of answers ?? []) {
          if (answer.kind !== 'welcome') {
            if (joined !== null) joined.#take(answer, options.onEvent);
          } else {
            clearTimeout(silent);
            if (answer.version === options.version) resolve(answer.owner);
            else reject(new Failure('STATION_OTHER_VERSION', { running: answer.version, own: options.version }));
          }
        }
      });
    });
    socket.write(toLine({ kind: 'hello', version: options.version, face: options.face } satisfies Request));
    try {
      joined = new Joined(socket, await owner);
    } catch (thrown) {
      socket.destroy();
      if (thrown instanceof Failure && thrown.code === 'STATION_GONE') return null;
      throw thrown;
    }
    socket.write(toLine({ kind: 'listen' } satisfies Request));
    return joined;
  }

  /** Rejects with a `Failure`; STATION_GONE when the station ends before it answered. */
  call(name: string, input: unknown, credential: string | null): Promise<unknown> {
    if (this.#gone) return Promise.reject(new Failure('STATION_GONE'));
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      this.#calls.set(id, { resolve, reject });
      this.#socket.write(toLine({ kind: 'call', id, name, input, credential } satisfies Request));
    });
  }

  async leave(): Promise<void> {
    if (this.#gone) return;
    // Whoever leaves is not told that the station is gone.
    this.#gone = true;
    const closed = new Promise<void>((done) => this.#socket.once('close', () => done()));
    this.#socket.destroy();
    await closed;
  }

  #take(answer: Exclude<Answer, { kind: 'welcome' }>, onEvent: JoinOptions['onEvent']): void {
    if (answer.kind === 'event') return onEvent(answer.name, answer.payload);
    const waiting = this.#calls.get(answer.id);
    this.#calls.delete(answer.id);
    if (answer.outcome.ok) waiting?.resolve(answer.outcome.value);
    else waiting?.reject(Failure.fromData(answer.outcome.error));
  }

  #end(onGone: () => void): void {
    const left = this.#gone;
    this.#gone = true;
    for (const { reject } of this.#calls.values()) reject(new Failure('STATION_GONE'));
    this.#calls.clear();
    if (!left) onGone();
  }
}

/** Null for what a station does not send. */
function answersIn(lines: Lines, chunk: Buffer): Answer[] | null {
  try {
    return lines.push(chunk)?.map((line) => Answer.parse(fromLine(line))) ?? null;
  } catch {
    return null;
  }
}

/** No socket there, or one that nobody listens on any more: a program that was killed leaves it behind. */
const nobody = new Set(['ENOENT', 'ECONNREFUSED']);

async function connected(address: string): Promise<Socket | null> {
  const socket = connect(address);
  return new Promise((resolve, reject) => {
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      // Its end is what matters; `close` comes after it.
      socket.on('error', () => undefined);
      resolve(socket);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (nobody.has(error.code ?? '')) resolve(null);
      else reject(new Failure('DATA_DENIED', { path: address }, error));
    });
  });
}
