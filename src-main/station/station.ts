import {
  Failure,
  version,
  type Caller,
  type CallOrigin,
  type EventName,
  type EventPayload,
  type SignerClient,
  type StationStatus,
} from '../contract/index.ts';
import { underIds } from '../log/index.ts';
import {
  callerOf,
  createDispatcher,
  Faces,
  isCall,
  mayCall,
  mustBeAllowed,
  PinRequests,
  type Dispatch,
  type OnRefused,
} from './dispatch/index.ts';
import { writeBackup } from './backup/index.ts';
import { CeremonyDesk } from './ceremony-desk.ts';
import type { Clock } from './clock.ts';
import type { StationConfig } from './config.ts';
import { createHandlers, type HandlerContext } from './handlers/index.ts';
import { LiveStation } from './live-station.ts';
import { hasStation, mustBeUpgraded, openRegistry, takeDataFolder, type DataFolder, type Registry } from './registry/index.ts';
import { SetUp } from './set-up.ts';
import { SignerLink } from './signer-link.ts';

type Emit = (name: string, payload: unknown, to?: readonly string[]) => void;

/** The object that serves the contract: first-run until a station was set up in the folder, then the live station. */
export class Station implements HandlerContext {
  readonly config: StationConfig;
  readonly clock: Clock;
  readonly signer: SignerLink;
  readonly ceremonies: CeremonyDesk;
  readonly setUp: SetUp;
  readonly pinRequests = new PinRequests();
  readonly faces = new Faces((origin) => this.#caller(origin).role);
  readonly #folder: DataFolder;
  readonly #emit: Emit;
  readonly #dispatch: Dispatch;
  readonly #listeners: ((name: EventName, payload: unknown) => void)[] = [];
  #live: LiveStation | null = null;
  /** Of a station that is set up, from the moment on when it comes to life. */
  #registry: Registry | null = null;
  #statusTimer: NodeJS.Timeout | undefined;

  private constructor(config: StationConfig, signer: SignerClient, clock: Clock, emit: Emit) {
    this.config = config;
    this.clock = clock;
    this.#emit = emit;
    this.#folder = takeDataFolder(config.dataDir);
    this.signer = new SignerLink(signer, {
      changed: () => this.#signerChanged(),
      opened: (session) => this.#live?.sessionOpened(session),
      ended: (ended) => this.#live?.sessionEnded(ended),
    });
    const live = (): LiveStation | null => this.#live;
    this.ceremonies = new CeremonyDesk(this, live);
    this.setUp = new SetUp({
      environment: this,
      ceremonies: this.ceremonies,
      pinRequests: this.pinRequests,
      live,
      comeToLife: () => this.#open(),
    });
    this.#dispatch = createDispatcher(createHandlers(this), this.#refused);
  }

  /** DATA_IN_USE, DATA_DENIED, DATA_DAMAGED, DATA_TOO_NEW, DISK_FULL: then nothing was changed. */
  static async start(config: StationConfig, signer: SignerClient, clock: Clock, emit: Emit): Promise<Station> {
    const station = new Station(config, signer, clock, emit);
    try {
      await station.#open();
      return station;
    } catch (thrown) {
      station.#folder.release();
      throw thrown;
    }
  }

  /** A call of a face; the signer makes none. */
  async handle(name: string, input: unknown, origin: CallOrigin | null): Promise<unknown> {
    if (origin !== null) this.faces.speaks(origin);
    // Before there are operators nobody could sign in.
    if (!this.isSetUp && isCall(name) && !mayCall('nobody', name)) throw new Failure('NOT_SET_UP');
    return this.serve(name, input, this.#caller(origin));
  }

  async serve(name: string, input: unknown, caller: Caller): Promise<unknown> {
    try {
      return await this.#dispatch(name, input, caller);
    } catch (thrown) {
      throw this.#live?.registry.store.named(thrown) ?? thrown;
    }
  }

  /** NOT_ALLOWED, SIGN_IN_FIRST; PIN_REQUEST_UNKNOWN for a PIN that somebody else was asked for. */
  async authorize(name: string, requestId: string, origin: CallOrigin): Promise<void> {
    const caller = this.#caller(origin);
    if (!isCall(name)) throw new Failure('INVALID_INPUT', { field: 'call', problem: `there is no call "${name}"` });
    // Before there are operators, whoever sets the station up answers for its token.
    if (this.isSetUp) mustBeAllowed(caller, name, this.#refused);
    this.pinRequests.mustBeOf(requestId, caller);
  }

  #caller(origin: CallOrigin | null): Caller {
    // Closed: the station is ending.
    const registry = this.#registry?.store.db.open === true ? this.#registry : null;
    return callerOf(origin, {
      setUp: registry !== null,
      tryOut: registry?.settings.get('tryOut') === true,
      holderOf: (credential) => registry?.signIns.find(credential) ?? registry?.accessKeys.find(credential) ?? null,
    });
  }

  /** Who was refused what is for the audit log, once there is one. */
  readonly #refused: OnRefused = ({ name: actor, role, face }, call) => {
    const store = this.#live?.registry.store;
    store?.transaction(() => store.audit(actor, 'call.refused', call, { role, face }));
  };

  peerEvent(name: string, payload: unknown): void {
    this.signer.event(name, payload);
  }

  async stop(): Promise<void> {
    clearTimeout(this.#statusTimer);
    await this.#live?.stop();
    this.ceremonies.close();
    this.#folder.release();
  }

  /** To every face that may hear of it, or to one connection. */
  emit<N extends EventName>(name: N, payload: EventPayload<N>, to?: string): void {
    this.#emit(name, payload, to === undefined ? this.faces.hearing(name) : [to]);
    if (to === undefined) for (const listener of this.#listeners) listener(name, payload);
  }

  onEvent(listener: (name: EventName, payload: unknown) => void): void {
    this.#listeners.push(listener);
  }

  /** NOT_SET_UP on first run. */
  live(): LiveStation {
    if (this.#live === null) throw new Failure('NOT_SET_UP');
    return this.#live;
  }

  get isSetUp(): boolean {
    return this.#live !== null;
  }

  statusFor({ name, role }: Caller): StationStatus {
    const passwordSet = this.#live?.registry.operators.find(name)?.passwordSet ?? false;
    return { ...this.status(), operator: role === 'nobody' ? null : { name, role, passwordSet } };
  }

  status(): EventPayload<'status.changed'> {
    const { config } = this;
    const common = { version, dataDir: config.dataDir };
    if (this.#live !== null) return { ...common, phase: 'ready', ...this.#live.status() };
    return {
      ...common,
      phase: this.ceremonies.busy ? 'setting-up' : 'first-run',
      name: '',
      tryOut: false,
      token: { state: 'none', view: null },
      session: null,
      sessionEnd: null,
      issuers: [],
      crl: null,
      broker: null,
      outbox: { waiting: 0, oldest: null },
      records: [],
      notVerified: 0,
      backup: null,
      alarms: [],
      preconditions: [],
    };
  }

  /** Status events are batched: one for all that changes within a tenth of a second. */
  statusSoon(): void {
    this.#statusTimer ??= setTimeout(() => {
      this.#statusTimer = undefined;
      // Not live yet is not “first run”: its status is told when it is live.
      if (this.#registry !== null && this.#live === null) return;
      this.emit('status.changed', this.status());
    }, 100);
  }

  /** Opens the registry of a finished station and brings it to life. */
  async #open(): Promise<void> {
    if (!hasStation(this.config.dataDir)) return;
    if (mustBeUpgraded(this.config.dataDir)) await this.#backUpBeforeUpgrade();
    const registry = openRegistry(this.config.dataDir, this.clock);
    if (registry.settings.get('ready') !== 'yes') {
      registry.close();
      return;
    }
    this.#registry = registry;
    // It lives on after the call that set it up or opened it: what it does by itself belongs to no call.
    this.#live = await underIds({}, async () => {
      const live = await LiveStation.open(this, registry);
      await live.start();
      return live;
    });
    this.statusSoon();
  }

  /** A new version must not be the only one that can read what the old one wrote. */
  async #backUpBeforeUpgrade(): Promise<void> {
    const { dataDir } = this.config;
    await writeBackup({ dataDir, why: 'upgrade', by: 'station', now: this.clock.now(), mustGoOn: () => undefined });
  }

  #signerChanged(): void {
    this.emit('session.changed', this.signer.session);
    this.#live?.signerChanged();
    this.statusSoon();
  }
}
