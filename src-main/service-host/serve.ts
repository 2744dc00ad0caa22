import {
  Failure,
  logBugsTo,
  stackOf,
  systemFailure,
  toFailureData,
  type CallOrigin,
  type FailureData,
  type Outcome,
} from '../contract/index.ts';
import { currentIds, say, sayBug, secretsInUse, sendLinesTo, withIds, type Ids, type Level } from '../log/index.ts';
import { Downward, parsed, type ServicePort } from './wire.ts';

interface UtilityParentPort {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (event: { data: unknown }) => void): void;
}

/** The channel to the supervisor: Electron's parentPort in a utilityProcess, else Node's IPC. */
export function servicePort(): ServicePort {
  const { parentPort } = process as unknown as { parentPort?: UtilityParentPort };
  if (parentPort !== undefined) {
    return {
      send: (message, sent = () => undefined) => {
        parentPort.postMessage(message);
        setTimeout(sent, postedMs);
      },
      // Electron ends the process for a rejection whose listener is only added in a microtask of the
      // same message, as an async function that returns a promise does it. Within a microtask it does not.
      onMessage: (listener) => parentPort.on('message', ({ data }) => queueMicrotask(() => listener(data))),
      onClose: () => undefined,
    };
  }
  if (process.send === undefined) throw new Error('a service is started by its supervisor, not by hand');
  return {
    send: (message, sent = () => undefined) => void process.send?.(message, undefined, undefined, sent),
    onMessage: (listener) => process.on('message', listener),
    onClose: (listener) => process.once('disconnect', listener),
  };
}

export interface Service {
  /** `origin` is null for a call of the other service. */
  handle(name: string, input: unknown, origin: CallOrigin | null): Promise<unknown>;
  /** NOT_ALLOWED when this caller may not make this call of the signer's, or did not ask for this PIN. */
  authorize(name: string, requestId: string, origin: CallOrigin): Promise<void>;
  /** An event of the other service. */
  peerEvent(name: string, payload: unknown): void;
  /** Who speaks on which connection; of a service that faces call. */
  readonly faces?: { speaks(origin: CallOrigin): void; left(connection: string): void };
  stop(): Promise<void>;
}

export interface ServiceContext {
  readonly config: unknown;
  /** `to`: the connections that hear of it; without it every face does. */
  readonly emit: (name: string, payload: unknown, to?: readonly string[]) => void;
  readonly peer: (name: string, input: unknown) => Promise<unknown>;
}

/** A native module that this runtime cannot load: no call will ever work here, but it may in another runtime. */
const doesNotLoad = (thrown: unknown): thrown is Error => (thrown as { code?: unknown } | null)?.code === 'ERR_DLOPEN_FAILED';

function leaveUnstarted(reason: Error): void {
  process.stderr.write(`${reason.message}\n`);
  process.exit(1);
}

/** Electron does not tell when a message was sent. */
const postedMs = 100;
/** As long as a process that a bug ended waits for its last line to be sent. */
const lastWordsMs = 1_000;
/** As long as the supervisor gives a service that it asks to stop. */
const leaveMs = 10_000;

/** Runs a service on its channel until the supervisor says stop or goes away. Calls wait until `create` is through. */
export function serve(create: (context: ServiceContext) => Promise<Service>): void {
  const port = servicePort();
  logBugsTo(sayBug);
  const peerCalls = new Map<number, (outcome: Outcome<unknown>) => void>();
  let alone = false;
  let nextId = 1;
  let service: Promise<Service> | undefined;
  const send: ServicePort['send'] = (message, sent) => port.send(message, sent);

  const context = (config: unknown): ServiceContext => ({
    config,
    emit: (name, payload, to) => send({ kind: 'event', name, payload, ...(to === undefined ? {} : { to }) }),
    peer: (name, input) =>
      new Promise((resolve, reject) => {
        const id = nextId++;
        peerCalls.set(id, (outcome) => (outcome.ok ? resolve(outcome.value) : reject(Failure.fromData(outcome.error))));
        if (alone) peerIsGone();
        else send({ kind: 'peer-call', id, name, input, ids: currentIds() });
      }),
  });

  /** The way to the other service leads over the supervisor: without it no answer will ever come. */
  const peerIsGone = (): void => {
    const error = new Failure('SERVICE_CRASHED', { service: 'supervising' }).toData();
    for (const settle of peerCalls.values()) settle({ ok: false, error });
    peerCalls.clear();
  };

  const answer = async (id: number, name: string, ids: Ids, work: (running: Service) => Promise<unknown>): Promise<void> => {
    const outcome = await withIds(ids, async (): Promise<Outcome<unknown>> => {
      try {
        return { ok: true, value: service === undefined ? undefined : await work(await service) };
      } catch (thrown) {
        return { ok: false, error: recorded(name, thrown) };
      }
    });
    send({ kind: 'result', id, outcome });
  };

  const leave = async (): Promise<void> => {
    await (await service)?.stop();
    process.exit(0);
  };

  port.onClose(() => {
    alone = true;
    peerIsGone();
    // Nothing may outlive the supervisor, whatever it is waiting for.
    setTimeout(() => process.exit(1), leaveMs).unref();
    void leave().catch(() => process.exit(1));
  });
  // Ctrl-C in a terminal reaches every process there; the supervisor hears it too, and asks for an end in good order.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  port.onMessage((received) => {
    const message = parsed(Downward, received);
    if (message === null) return;
    switch (message.kind) {
      case 'start':
        speakAndEnd(message.logLevel, send);
        service = (async () => create(context(message.config)))();
        void service.then(
          () => send({ kind: 'ready' }),
          (thrown: unknown) => {
            if (doesNotLoad(thrown)) leaveUnstarted(thrown);
            // A start that fails for a named reason (folder in use, damaged database) answers every call with that reason.
            else send({ kind: 'ready' });
          },
        );
        return;
      case 'call':
        void answer(message.id, message.name, message.ids, (running) => handled(running, message));
        return;
      case 'authorize':
        void answer(message.id, message.name, message.ids, (running) => running.authorize(message.name, message.requestId, message.origin));
        return;
      case 'peer-result':
        peerCalls.get(message.id)?.(message.outcome);
        peerCalls.delete(message.id);
        return;
      case 'peer-event':
        void service?.then((running) => running.peerEvent(message.name, message.payload)).catch(() => undefined);
        return;
      case 'face':
        void service?.then(({ faces }) => faces?.speaks(message.origin)).catch(() => undefined);
        return;
      case 'face-left':
        void service?.then(({ faces }) => faces?.left(message.connection)).catch(() => undefined);
        return;
      case 'stop':
        void leave().catch(() => process.exit(1));
    }
  });
}

/** A call of a face may have secrets in it; one of the other service has none. */
function handled(service: Service, { name, input, origin }: Extract<Downward, { kind: 'call' }>): Promise<unknown> {
  const handle = (): Promise<unknown> => service.handle(name, input, origin);
  return origin === null ? handle() : secretsInUse.during({ input, origin }, handle);
}

/** The failure that is answered; what caused it stands in the log, with its stack. A bug is there under its id. */
function recorded(name: string, thrown: unknown): FailureData {
  const failure = thrown instanceof Failure ? thrown : systemFailure(thrown);
  if (failure?.cause !== undefined) say('warn', 'call', `${name} failed: ${stackOf(failure)}`, { code: failure.code });
  return toFailureData(failure ?? thrown);
}

/** Lines go to the supervisor. A bug that nobody caught is one of them, and ends this process: nobody knows what it left half done. */
function speakAndEnd(level: Level, send: ServicePort['send']): void {
  sendLinesTo((line) => send({ kind: 'log', line }), level);
  process.on('uncaughtException', (thrown) => {
    sendLinesTo((line) => send({ kind: 'log', line }, () => process.exit(1)), level);
    setTimeout(() => process.exit(1), lastWordsMs).unref();
    say('error', 'bug', `nobody caught: ${stackOf(thrown)}`);
  });
}
