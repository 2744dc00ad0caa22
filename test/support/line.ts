import { randomBytes } from 'node:crypto';
import type { Failure, FailureData, SlotView, Unit, WorkOrder } from '../../src-main/contract/index.ts';
import type { Credentials, DeviceProfile, StoredKind, UnitSession } from '../../src-main/station/devices/index.ts';
import { Line, type LineServices } from '../../src-main/station/line/index.ts';
import { order, TestRegistry } from './registry.ts';

export const profile = {
  name: 'reference-agent',
  driver: 'smp',
  key: 'device',
  baudRate: 115_200,
  keyAlgorithm: 'ec-p256',
  exchangeMs: 400,
  stepMs: 1000,
  jobMs: 5000,
  replugMs: 100,
} as const satisfies DeviceProfile;

/** Throws or waits where a test says so; called with the name of what the unit or the broker is asked for. */
export type Hook = (what: string) => void | Promise<void>;

/** A line with one slot on a real registry; unit, signer and broker do nothing but what the test says. */
export class TestLine {
  readonly here = new TestRegistry();
  readonly views: SlotView[] = [];
  line: Line;
  readonly #make: () => Line;
  unit: Unit & { provisioned: boolean } = { hardwareId: 'HW-1', model: 'S1', firmware: '1', locked: false, provisioned: false };
  brokerUp = true;
  brokerTellsRefusals = true;
  transcripts = true;
  foreignReason: number | null = 135;
  delivered = 0;
  tested = { stage: 'done', connected: true, echoed: true, detail: '' };
  ready: WorkOrder | FailureData = order;
  /** What the unit can do, and the profile that the order names. */
  /** What it turns out to tell no digest of. */
  untold: readonly StoredKind[] = [];
  can: UnitSession['capabilities'] = { keyOnDevice: true, unread: [], possession: true, selfTest: true, lock: true };
  obstacle: Failure | undefined = undefined;
  /** What it does with what is written while the certificate is signed; null: it takes nothing then. */
  ahead: ((signal: AbortSignal) => Promise<void>) | null = null;
  /** As `install` got them. */
  credentials: Credentials | null = null;
  readonly asked: string[] = [];
  #plug: (slot: number, plugged: boolean) => void = () => undefined;

  constructor(hook: Hook = () => undefined, deviceProfile: DeviceProfile = profile) {
    const ask = async (what: string): Promise<void> => {
      this.asked.push(what);
      await hook(what);
    };
    this.here.registry.revocations.listen(() => void this.asked.push('revocation told'));
    this.#make = () =>
      new Line({
        services: this.#services(ask),
        places: [{ slot: 1, path: '/dev/slot-1' }],
        watcher: { on: (listener) => (this.#plug = listener), isPlugged: () => false, watch: () => undefined, close: () => undefined },
        profiles: new Map([[profile.name, deviceProfile]]),
        ready: () => ('code' in this.ready ? this.ready : { order: this.ready, actor: 'Tess' }),
        onSlot: (view) => void this.views.push(view),
        auto: true,
      });
    this.line = this.#make();
    this.line.start();
    this.line.started();
  }

  /** The station was started anew, with the unit in its slot. Returns how its run ends. */
  async restart(): Promise<SlotView> {
    this.line = this.#make();
    this.line.start();
    this.plug();
    this.line.started();
    return this.ended();
  }

  get view(): SlotView {
    return this.line.views()[0] as SlotView;
  }

  plug(plugged = true): void {
    this.#plug(1, plugged);
  }

  /** Plugs the unit in and returns how its run ends. */
  async run(): Promise<SlotView> {
    this.plug();
    return this.ended();
  }

  async ended(): Promise<SlotView> {
    while (this.view.state === 'RUNNING') await new Promise((later) => setImmediate(later));
    return this.view;
  }

  #session(ask: (what: string) => Promise<void>): UnitSession {
    const { ahead } = this;
    return {
      capabilities: this.can,
      identify: () => ask('identify').then(() => ({ ...this.unit, ...(this.obstacle === undefined ? {} : { obstacle: this.obstacle }) })),
      ...(ahead === null ? {} : { installAhead: (_settings, _unit, { signal }) => ask('ahead').then(() => ahead(signal)) }),
      generateKey: () => ask('key').then(() => ({ csr: randomBytes(8) })),
      install: async (credentials) => {
        this.credentials = credentials;
        await ask('install');
        return [{ item: 'cert', bytes: 1, algorithm: 'sha256', digest: '00' }];
      },
      readBack: () => ask('read-back').then(() => this.untold),
      provePossession: () => ask('possession'),
      activate: () => ask('activate'),
      selfTest: () => ask('self-test').then(() => ({ ...this.tested, foreignReason: this.foreignReason })),
      lock: () => ask('lock'),
      erase: () => ask('erase'),
      close: () => ask('close'),
    };
  }

  #services(ask: (what: string) => Promise<void>): LineServices {
    const { here } = this;
    const broker = { host: '127.0.0.1', port: 1, serverName: 'localhost', clientId: 'x', topicBase: 'x' };
    const settings = { trustAnchors: [], broker };
    const issued = (serial: string) => ({ serial, spki: randomBytes(8), credentials: { certificateChain: [], ...settings } });
    return {
      registry: here.registry,
      clock: here.clock,
      proofHours: 72,
      openUnit: () => ask('open').then(() => this.#session(ask)),
      checkRequest: () => Promise.resolve({ spki: randomBytes(8), spkiSha256: randomBytes(32).toString('hex') }),
      settings: () => settings,
      issue: async ({ run, device }) => {
        const serial = here.reserve(device, run);
        await ask('sign');
        here.sign(serial);
        return issued(serial);
      },
      issued,
      connectAs: () => ask('connect as'),
      publish: () => ask('publish'),
      brokerUp: () => this.brokerUp,
      brokerTellsRefusals: () => this.brokerTellsRefusals,
      observe: async () => {
        await ask('observe');
        return { arrived: () => ask('arrived'), seen: () => ask('seen').then(() => this.delivered), close: () => Promise.resolve() };
      },
      saveTranscript: () => {
        if (!this.transcripts) throw new Error('ENOSPC: no space left on device');
        this.asked.push('transcript');
      },
    };
  }
}
