import { join } from 'node:path';
import {
  calls,
  Failure,
  limits,
  placeholderCrlBase,
  unwrap,
  type CallParsed,
  type Caller,
  type CeremonyView,
  type ModuleConfig,
  type Operator,
  type SignerOutput,
  type WorkOrder,
} from '../contract/index.ts';
import { usualAuthorities, type PlanInput } from './ceremony/index.ts';
import type { CeremonyDesk } from './ceremony-desk.ts';
import type { PinRequests } from './dispatch/index.ts';
import type { Environment } from './environment.ts';
import type { LiveStation } from './live-station.ts';
import { hashPassword } from './registry/index.ts';
import { softwareTokenModule } from './setup/index.ts';

type AnswerPin = (request: SignerOutput<'session.request'>, purpose: string) => Promise<void>;

export interface SetUpParts {
  readonly environment: Environment;
  readonly ceremonies: CeremonyDesk;
  readonly pinRequests: PinRequests;
  /** Null on first run. */
  readonly live: () => LiveStation | null;
  /** Once the ceremony of a new station is done. */
  readonly comeToLife: () => Promise<void>;
}

/** Makes a station of an empty folder, and goes on with whatever ceremony is open: both are one ceremony. */
export class SetUp {
  readonly #parts: SetUpParts;

  constructor(parts: SetUpParts) {
    this.#parts = parts;
  }

  async tryOut(options: { slots: number; plug: boolean }, caller: Caller): Promise<void> {
    const { config, signer } = this.#parts.environment;
    const places = Array.from({ length: options.slots }, (_, index) => ({
      slot: index + 1,
      path: join(config.dataDir, 'fixture', `slot-${String(index + 1)}`),
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
    const answer = async ({ requestId }: { requestId: string }): Promise<void> => void (await signer.call('pin.tryOut', { requestId }));
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
    const live = unwrap(this.#parts.live(), 'the ceremony of a try-out station waits for nobody');
    await answer(await live.requestSession({ ...calls['sessions.request'].input.parse({ reason: 'try-out' }), operator: caller.name }));
    if (options.plug) await live.plugAll();
  }

  async init(plan: CallParsed<'station.init'>, caller: Caller): Promise<void> {
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
  }

  #newStation(name: string, tokenLabel: string, module: ModuleConfig | null): Omit<PlanInput, 'authorities' | 'crlBase' | 'station'> {
    return {
      name: `Set-up of ${name}`,
      reason: 'set up the station',
      token: { label: tokenLabel },
      module: module ?? softwareTokenModule(this.#parts.environment.config.dataDir),
      newToken: module === null,
      officers: 1,
      customerRoot: null,
    };
  }

  async #askPin(request: SignerOutput<'session.request'>, purpose: string, caller: Caller): Promise<void> {
    const { environment, pinRequests } = this.#parts;
    const answered = environment.signer.answered(request);
    pinRequests.asked(request, caller);
    environment.emit('pin.wanted', { ...request, purpose, token: null }, caller.connection);
    await answered;
  }

  /** The ceremony of a new station in one go; one that was interrupted is taken up. */
  async #setUp(input: () => PlanInput, pin: AnswerPin, { name }: Caller): Promise<void> {
    const { environment, ceremonies, live } = this.#parts;
    if (live() !== null || ceremonies.busy) throw new Failure('ALREADY_SET_UP', { path: environment.config.dataDir });
    ceremonies.start(input(), name);
    await this.#continue(pin, name);
  }

  /** Goes on with the open ceremony; the PIN is asked for by an event. */
  continueCeremony(caller: Caller): Promise<CeremonyView> {
    return this.#continue((request, purpose) => this.#askPin(request, purpose, caller), caller.name);
  }

  async #continue(pin: AnswerPin, actor: string): Promise<CeremonyView> {
    try {
      const view = (await this.#parts.ceremonies.continue(actor, pin)).view();
      if (view.state === 'done') await this.#issuersInForce();
      return view;
    } finally {
      this.#parts.environment.statusSoon();
    }
  }

  /** A new station comes to life; one that lives takes its new issuers into use. */
  async #issuersInForce(): Promise<void> {
    const { ceremonies, live, comeToLife } = this.#parts;
    const already = live();
    if (already !== null) return already.issuersChanged();
    ceremonies.close();
    await comeToLife();
  }
}

function eachPlaceOnce(slots: readonly { slot: number; path: string }[]): void {
  for (const [what, values] of [
    ['number', slots.map(({ slot }) => slot)],
    ['port', slots.map(({ path }) => path)],
  ] as const) {
    const twice = values.find((value, index) => (values as readonly unknown[]).indexOf(value) !== index);
    if (twice !== undefined) throw new Failure('INVALID_INPUT', { field: 'slots', problem: `the ${what} ${String(twice)} is given twice` });
  }
}
