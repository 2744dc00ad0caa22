import { join } from 'node:path';
import {
  calls,
  Failure,
  limits,
  placeholderCrlBase,
  version,
  type CallParsed,
  type Caller,
  type CallOrigin,
  type CeremonyView,
  type EventName,
  type EventPayload,
  type ModuleConfig,
  type Operator,
  type RevocationView,
  type SignerClient,
  type StationStatus,
  type WorkOrder,
  type SignerOutput,
} from '../contract/index.ts';
import { rememberIds, say, underIds, withIds } from '../log/index.ts';
import { callerOf, createDispatcher, isCall, mustBeAllowed, PinRequests, type Dispatch, type OnRefused } from './dispatch/index.ts';
import { usualAuthorities, type Wish } from './ceremony/index.ts';
import { CeremonyDesk } from './ceremony-desk.ts';
import type { Clock } from './clock.ts';
import type { StationConfig } from './config.ts';
import { createHandlers } from './handlers/index.ts';
import { LiveStation } from './live-station.ts';
import { hashPassword, hasStation, openRegistry, takeDataFolder, type DataFolder } from './registry/index.ts';
import { softwareTokenModule } from './setup/index.ts';
import { SignerLink } from './signer-link.ts';

type Pin = (request: SignerOutput<'session.request'>, purpose: string) => Promise<void>;
type Emit = (name: string, payload: unknown, to?: string) => void;

/** The object that serves the contract: first-run until a station was set up in the folder, then the live station. */
export class Station {
  readonly config: StationConfig;
  readonly clock: Clock;
  readonly signer: SignerLink;
  readonly ceremonies: CeremonyDesk;
  readonly pinRequests = new PinRequests();
  readonly #folder: DataFolder;
  readonly #emit: Emit;
  readonly #dispatch: Dispatch;
  #live: LiveStation | null = null;
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
    this.ceremonies = new CeremonyDesk(this);
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
    try {
      return await this.#dispatch(name, input, this.#caller(origin));
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
    const registry = this.#live?.registry;
    return callerOf(origin, {
      setUp: registry !== undefined,
      tryOut: registry?.store.setting('tryOut') === 'true',
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

  /** To every face, or to one connection. */
  emit<N extends EventName>(name: N, payload: EventPayload<N>, to?: string): void {
    this.#emit(name, payload, to);
  }

  /** A revocation is at another state. */
  revocationChanged(view: RevocationView): void {
    const { serial, device, state } = view;
    withIds({ revocation: serial }, () => {
      if (state === 'RECORDED') rememberIds(serial);
      say('info', 'revocation', state, { device, reason: view.reason });
    });
    this.emit('revocation.changed', view);
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
      alarms: [],
      preconditions: [],
    };
  }

  /** Status events are batched: one for all that changes within a tenth of a second. */
  statusSoon(): void {
    this.#statusTimer ??= setTimeout(() => {
      this.#statusTimer = undefined;
      this.emit('status.changed', this.status());
    }, 100);
  }

  async tryOut(options: { slots: number; plug: boolean }, caller: Caller): Promise<StationStatus> {
    const places = Array.from({ length: options.slots }, (_, index) => ({
      slot: index + 1,
      path: join(this.config.dataDir, 'fixture', `slot-${String(index + 1)}`),
    }));
    const order: WorkOrder = {
      id: 'TRY-1',
      tenant: 'acme',
      product: 'Simulated sensor S1',
      deviceProfile: 'reference-agent',
      certificateProfile: 'device',
      quantity: 200,
      idPrefix: 'S1-',
    };
    const answer = async ({ requestId }: { requestId: string }): Promise<void> =>
      void (await this.signer.call('pin.tryOut', { requestId }));
    const operators = (['Technician', 'Officer', 'Support'] as const).map((name) => ({
      name,
      role: name.toLowerCase() as Operator['role'],
      hash: null,
    }));
    const name = 'Try-out station';
    await this.#setUp(
      () => ({
        ...this.#newStation(name, 'Birthmark try-out', null),
        authorities: usualAuthorities(name, { root: 'ec-p256', issuing: 'ec-p256', server: 'ec-p256' }, limits.crlPartitions.default),
        crlBase: placeholderCrlBase,
        station: { name, tryOut: true, brokerPort: 0, slots: places, operators, officers: [], order },
      }),
      answer,
      caller,
    );
    const live = this.live();
    await answer(
      await live.requestSession({
        ...calls['sessions.request'].input.parse({ reason: 'try-out' }),
        operator: caller.name,
      }),
    );
    if (options.plug) await live.plugAll();
    return this.statusFor(caller);
  }

  async init(plan: CallParsed<'station.init'>, caller: Caller): Promise<StationStatus> {
    const { name, module, tokenLabel, slots, brokerPort, crlBase, officer, password, keys, partitions } = plan;
    eachPlaceOnce(slots);
    await this.#setUp(
      () => ({
        ...this.#newStation(name, tokenLabel, module),
        authorities: usualAuthorities(name, keys, partitions),
        crlBase,
        station: {
          name,
          tryOut: false,
          brokerPort,
          slots,
          operators: [{ name: officer, role: 'officer', hash: password === null ? null : hashPassword(password) }],
          officers: [],
          order: null,
        },
      }),
      (request, purpose) => this.#askPin(request, purpose, caller),
      caller,
    );
    return this.statusFor(caller);
  }

  #newStation(name: string, tokenLabel: string, module: ModuleConfig | null): Omit<Wish, 'authorities' | 'crlBase' | 'station'> {
    return {
      name: `Set-up of ${name}`,
      reason: 'set up the station',
      token: { label: tokenLabel },
      module: module ?? softwareTokenModule(this.config.dataDir),
      newToken: module === null,
      officers: 1,
      customerRoot: null,
    };
  }

  async #askPin(request: SignerOutput<'session.request'>, purpose: string, caller: Caller): Promise<void> {
    const answered = this.signer.answered(request);
    this.pinRequests.asked(request, caller);
    this.emit('pin.wanted', { ...request, purpose, token: null }, caller.connection);
    await answered;
  }

  /** The ceremony of a new station in one go; one that was interrupted is taken up. */
  async #setUp(wish: () => Wish, pin: Pin, { name }: Caller): Promise<void> {
    if (this.#live !== null || this.ceremonies.busy) throw new Failure('ALREADY_SET_UP', { path: this.config.dataDir });
    this.ceremonies.start(wish(), name);
    await this.#continue(pin, name);
  }

  /** Goes on with the open ceremony; the PIN is asked for by an event. */
  continueCeremony(caller: Caller): Promise<CeremonyView> {
    return this.#continue((request, purpose) => this.#askPin(request, purpose, caller), caller.name);
  }

  async #continue(pin: Pin, actor: string): Promise<CeremonyView> {
    try {
      const view = (await this.ceremonies.continue(actor, pin)).view();
      if (view.state === 'done') await this.#issuersInForce();
      return view;
    } finally {
      this.statusSoon();
    }
  }

  /** A new station comes to life; one that lives takes its new issuers into use. */
  async #issuersInForce(): Promise<void> {
    if (this.#live !== null) return this.#live.issuersChanged();
    this.ceremonies.close();
    await this.#open();
  }

  /** Opens the registry of a finished station and brings it to life. */
  async #open(): Promise<void> {
    if (!hasStation(this.config.dataDir)) return;
    const registry = openRegistry(this.config.dataDir, this.clock);
    if (registry.store.setting('ready') !== 'yes') {
      registry.close();
      return;
    }
    // It lives on after the call that set it up or opened it: what it does by itself belongs to no call.
    this.#live = await underIds({}, async () => {
      const live = await LiveStation.open(this, registry);
      await live.start();
      return live;
    });
    this.statusSoon();
  }

  #signerChanged(): void {
    this.emit('session.changed', this.signer.session);
    this.#live?.signerChanged();
    this.statusSoon();
  }
}

function eachPlaceOnce(slots: readonly { slot: number; path: string }[]): void {
  for (const [what, values] of [
    ['number', slots.map(({ slot }) => slot)],
    ['port', slots.map(({ path }) => path)],
  ] as const) {
    const twice = values.find((value, index) => values.indexOf(value as never) !== index);
    if (twice !== undefined) throw new Failure('INVALID_INPUT', { field: 'slots', problem: `the ${what} ${String(twice)} is given twice` });
  }
}
