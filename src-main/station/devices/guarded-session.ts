import { Failure, type Unit } from '../../contract/index.ts';
import type {
  CallOptions,
  Credentials,
  IdentifiedUnit,
  KeyRequest,
  SelfTestResult,
  Settings,
  StoredItem,
  StoredKind,
  UnitSession,
} from './driver.ts';
import type { UnitSecrets } from './unit-secrets.ts';

/** A session whose failures have no secret of its unit in them, whatever its driver or the unit put there. */
export class GuardedSession implements UnitSession {
  readonly installAhead?: NonNullable<UnitSession['installAhead']>;
  readonly #session: UnitSession;
  readonly #secrets: UnitSecrets;

  constructor(session: UnitSession, secrets: UnitSecrets) {
    this.#session = session;
    this.#secrets = secrets;
    const ahead = session.installAhead?.bind(session);
    if (ahead !== undefined)
      this.installAhead = (settings: Settings, expected: Unit, options: CallOptions) =>
        this.#hidden(() => ahead(settings, expected, options));
  }

  get capabilities(): UnitSession['capabilities'] {
    return this.#session.capabilities;
  }

  identify(options: CallOptions): Promise<IdentifiedUnit> {
    return this.#hidden(() => this.#session.identify(options));
  }

  generateKey(commonName: string, options: CallOptions): Promise<KeyRequest> {
    return this.#hidden(() => this.#session.generateKey(commonName, options));
  }

  install(credentials: Credentials, expected: Unit, options: CallOptions): Promise<readonly StoredItem[]> {
    if (credentials.privateKey !== undefined) this.#secrets.addKey(credentials.privateKey);
    return this.#hidden(() => this.#session.install(credentials, expected, options));
  }

  readBack(installed: readonly StoredItem[], options: CallOptions): Promise<readonly StoredKind[]> {
    return this.#hidden(() => this.#session.readBack(installed, options));
  }

  provePossession(spki: Uint8Array, options: CallOptions): Promise<void> {
    return this.#hidden(() => this.#session.provePossession(spki, options));
  }

  activate(options: CallOptions): Promise<void> {
    return this.#hidden(() => this.#session.activate(options));
  }

  async selfTest(nonce: string, foreignTopic: string, options: Parameters<UnitSession['selfTest']>[2]): Promise<SelfTestResult> {
    const result = await this.#hidden(() => this.#session.selfTest(nonce, foreignTopic, options));
    return { ...result, stage: this.#secrets.hideInCut(result.stage), detail: this.#secrets.hideInCut(result.detail) };
  }

  lock(options: CallOptions): Promise<void> {
    return this.#hidden(() => this.#session.lock(options));
  }

  erase(options: CallOptions): Promise<void> {
    return this.#hidden(() => this.#session.erase(options));
  }

  async close(): Promise<void> {
    try {
      await this.#hidden(() => this.#session.close());
    } finally {
      this.#secrets.wipe();
    }
  }

  #hidden<T>(work: () => Promise<T>): Promise<T> {
    return withoutSecrets(this.#secrets, work);
  }
}

/** What `work` throws, without a secret in its message, its parameters, its detail and its causes. */
export async function withoutSecrets<T>(secrets: UnitSecrets, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw hiddenError(thrown, secrets);
  }
}

function hiddenError(thrown: unknown, secrets: UnitSecrets): unknown {
  if (!(thrown instanceof Error)) return thrown;
  const cause = hiddenError(thrown.cause, secrets);
  const hide = (text: string): string => secrets.hideInCut(text);
  const texts = [
    thrown.message,
    thrown.stack ?? '',
    ...(thrown instanceof Failure ? [thrown.detail ?? '', ...Object.values(thrown.params)] : []),
  ];
  if (cause === thrown.cause && texts.every((text) => typeof text !== 'string' || hide(text) === text)) return thrown;
  const hidden = thrown instanceof Failure ? hiddenFailure(thrown, hide) : new Error(hide(thrown.message));
  hidden.name = thrown.name;
  hidden.stack = hide(thrown.stack ?? '');
  hidden.cause = cause;
  return hidden;
}

function hiddenFailure(failure: Failure, hide: (text: string) => string): Failure {
  const { detail, params, ...data } = failure.toData();
  const hidden = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, typeof value === 'string' ? hide(value) : value]));
  return Failure.fromData({ ...data, params: hidden, ...(detail === undefined ? {} : { detail: hide(detail) }) });
}
