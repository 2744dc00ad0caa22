import {
  Failure,
  unwrap,
  type AccessView,
  type CallOutput,
  type FailureData,
  type FolderView,
  type SessionEnd,
  type SigningSession,
  type StationStatus,
  type WorkOrder,
  type SignerOutput,
} from '../contract/index.ts';
import { FolderPlace, type Backups } from './backup/index.ts';
import type { BrokerHost } from './broker/index.ts';
import { certificateToPem } from './ca/index.ts';
import { centralKnowledge, registerRecords, type RecordsDesk } from './central-records/index.ts';
import type { BundleDesk } from './delivery/index.ts';
import type { DeviceProfiles, PlugWatcher } from './devices/index.ts';
import type { Environment } from './environment.ts';
import type { Fixture } from './fixture.ts';
import type { HttpListeners } from './http/index.ts';
import type { Issuance, ServerIssuance, ServiceIssuance, SessionWish } from './issuance/index.ts';
import { recoverUnfinished, type OwnCertificates } from './lifecycle/index.ts';
import { CurrentOrder, preconditions, recoverRuns, type Line, type LineOrder, type ProofResult } from './line/index.ts';
import { accessView, type CrlBuilder, type CrlSet, type IncomingCrl, type Publisher } from './publication/index.ts';
import type { Registry } from './registry/index.ts';
import type { Revocation } from './revocation/index.ts';
import { followSoftwareToken, OwnIdentities, type DeviceCertificateProfiles } from './setup/index.ts';
import { proveFromBench, type TryOutBench } from './try-out/index.ts';
import { ClockGuard, type Upkeep } from './upkeep/index.ts';
import type { Observer } from './verify/index.ts';
import { liveBrokerHost } from './assembly/broker-host.ts';
import { recordsCertificate } from './assembly/central-records.ts';
import { assembleCertificates } from './assembly/certificates.ts';
import { assembleHttp } from './assembly/http.ts';
import { assembleLine, lineGround, type LineGround } from './assembly/line.ts';
import { proofHours } from './assembly/line-services.ts';
import { assemblePublication } from './assembly/publication.ts';
import { liveStatus } from './assembly/status.ts';
import { assembleUpkeep } from './assembly/upkeep.ts';
import type { SessionEnded } from './signer-link.ts';

const closeMs = 2_000;
/** A publication takes a second or two; what takes longer is not waited for at the start. */
const firstPublicationMs = 5_000;

/** A station that is set up: what `assembly/` has put together, and what concerns more than one part of it. */
export class LiveStation {
  readonly registry: Registry;
  readonly folder: FolderPlace;
  readonly clockGuard: ClockGuard;
  readonly host: BrokerHost;
  readonly profiles: DeviceCertificateProfiles;
  readonly deviceProfiles: DeviceProfiles;
  readonly issuance: Issuance;
  readonly servers: ServerIssuance;
  readonly services: ServiceIssuance;
  readonly own: OwnCertificates;
  readonly publisher: Publisher;
  readonly revocation: Revocation;
  readonly crls: CrlSet;
  readonly http: HttpListeners;
  readonly incomingCrl: IncomingCrl;
  readonly observer: Observer;
  readonly line: Line;
  readonly order: CurrentOrder;
  readonly fixture: Fixture;
  readonly bench: TryOutBench | null;
  readonly bundles: BundleDesk;
  readonly backups: Backups;
  readonly records: RecordsDesk;
  readonly #environment: Environment;
  readonly #identities: OwnIdentities;
  readonly #watcher: PlugWatcher;
  readonly #upkeep: Upkeep;

  private constructor(environment: Environment, registry: Registry, ground: LineGround) {
    const { config, clock } = environment;
    this.#environment = environment;
    this.registry = registry;
    const clockGuard = new ClockGuard({ registry, clock });
    this.clockGuard = clockGuard;
    registry.store.judgeBy(() => clockGuard.known());
    const folder = new FolderPlace(registry, config.dataDir);
    this.folder = folder;
    this.order = new CurrentOrder(registry);
    const identities = new OwnIdentities(config.dataDir);
    this.#identities = identities;
    const serverCaPem = registry.issuers.trustAnchors().map(certificateToPem).join('');
    const host = liveBrokerHost({
      registry,
      dataDir: config.dataDir,
      serverCaPem,
      identities,
      clock,
      onTime: (name, time) => clockGuard.heard(name, time),
    });
    const crlBase = registry.settings.must('crlBase');
    const common = { environment, registry, clockGuard, identities, host, crlBase };

    const certificates = assembleCertificates({ ...common, onHttpCertificate: () => this.http.certificateChanged() });
    const publication = assemblePublication({
      ...common,
      folder,
      central: () => centralKnowledge(this.records, registry),
      onDeviceRevoked: (device) => this.line.revoked(device),
    });
    const { issuance } = certificates;
    const { publisher, observer } = publication;
    const lineParts = assembleLine({
      environment,
      registry,
      ground,
      issuance,
      publisher,
      observer,
      host,
      ready: () => this.#whatToMake(),
      onSlot: (view) => {
        environment.emit('slot.changed', view);
        if (view.state !== 'RUNNING') this.orderChanged();
      },
    });
    const upkeepParts = assembleUpkeep({
      environment,
      registry,
      clockGuard,
      identities,
      certificates,
      publication,
      serverCaPem,
      onBundle: (view) => {
        environment.emit('bundle.changed', view);
        this.orderChanged();
      },
      onEnded: () => this.orderChanged(),
    });

    this.host = host;
    this.profiles = certificates.profiles;
    this.issuance = issuance;
    this.servers = certificates.servers;
    this.services = certificates.services;
    this.own = certificates.own;
    this.publisher = publisher;
    this.revocation = publication.revocation;
    this.crls = publication.crls;
    this.http = assembleHttp({ environment, registry, certificates, publication, status: () => this.status() });
    this.incomingCrl = publication.incomingCrl;
    this.observer = observer;
    this.line = lineParts.line;
    this.fixture = lineParts.fixture;
    this.bench = lineParts.bench;
    this.deviceProfiles = lineParts.deviceProfiles;
    this.#watcher = lineParts.watcher;
    this.bundles = upkeepParts.bundles;
    this.backups = upkeepParts.backups;
    this.records = upkeepParts.records;
    this.#upkeep = upkeepParts.upkeep;
  }

  /** The first lists of new issuers, by the open session. What the broker host says to them is kept, shown and tried again. */
  async buildCrls(missing: readonly CrlBuilder[]): Promise<void> {
    this.#identities.reload();
    await this.host.useServerCertificate?.(this.#identities.broker);
    try {
      await this.publisher.publish();
    } catch (thrown) {
      if (missing.some((builder) => builder.newest() === null)) throw thrown;
    }
  }

  /** After a ceremony: the broker gets the new CAs with their lists, and is asked by the new canaries. */
  async issuersChanged(): Promise<void> {
    this.#identities.reload();
    await this.host.useServerCertificate?.(this.#identities.broker);
    // What fails is kept, shown and tried again.
    if (this.#environment.config.broker) this.publisher.publishSoon();
    await this.publisher.idle();
    this.line.poke();
  }

  /** Puts a finished station together; `start` brings it to life. */
  static async open(environment: Environment, registry: Registry): Promise<LiveStation> {
    return new LiveStation(environment, registry, await lineGround(environment, registry));
  }

  /** Ends what an earlier life left open, then brings broker, publication and simulated units up. */
  async start(): Promise<void> {
    const { config, signer, clock } = this.#environment;
    recoverRuns(this.registry, clock, proofHours);
    recoverUnfinished(this.registry);
    this.crls.recover();
    this.#upkeep.endWhatIsOver();
    await this.backups.start();
    const { settings } = this.registry;
    followSoftwareToken(config.dataDir);
    await signer.use(settings.must('module'), settings.must('token'));
    this.host.onChange(() => this.#environment.statusSoon());
    this.revocation.start();
    this.registry.certificates.listen((serials) => this.#inForce(serials));
    if (config.broker) {
      await this.host.start();
      this.#upkeep.listen();
      this.observer.start();
      this.publisher.publishSoon();
      // A host that hangs is diagnosed with a station that runs: it goes on beside it.
      await this.publisher.settled(firstPublicationMs);
      this.bundles.start();
      this.#upkeep.start();
      this.records.start();
    }
    if (config.broker) await this.http.start();
    this.line.start();
    // The units of a try-out station were there before it was opened: who asks now must see them in their slots.
    for (const slot of (await this.bench?.restore()) ?? []) await this.line.plugged(slot, true);
    this.line.started();
  }

  async stop(): Promise<void> {
    this.#upkeep.stop();
    await this.http.stop();
    await this.line.stop();
    await this.bundles.stop();
    await this.backups.stop();
    await this.records.stop();
    // What was just revoked is still signed, as long as that takes no longer than a stop may.
    await Promise.race([this.publisher.idle(), new Promise((resolve) => setTimeout(resolve, closeMs).unref())]);
    await this.#closeSession();
    this.#watcher.close();
    await this.bench?.close();
    if (this.#environment.config.broker) {
      const hangs = setTimeout(() => this.host.abort?.(), closeMs);
      await this.publisher.stop();
      clearTimeout(hangs);
      await this.observer.stop();
      await this.host.stop();
    }
    this.registry.close();
  }

  recordsCertificate(actor: string): Promise<{ station: string; pem: string }> {
    return recordsCertificate(this.#identities, this.own, actor);
  }

  async registerRecords(tenants: readonly string[], actor: string): Promise<CallOutput<'records.register'>> {
    // The login and the registration belong together: neither is of use alone.
    const { station } = await this.recordsCertificate(actor);
    return registerRecords({ registry: this.registry, signer: this.#environment.signer.call, station, tenants, actor });
  }

  /** What the HSM was allowed, and how it ended, is for the audit log. */
  sessionOpened({ id, operator, reason, ...terms }: SigningSession): void {
    this.registry.store.transaction(() => this.registry.store.audit(operator, 'session.open', id, { ...terms, reason }));
  }

  sessionEnded({ session, end }: SessionEnded): void {
    this.registry.store.transaction(() => {
      this.registry.store.audit(session.operator, 'session.end', session.id, { why: end.why, used: session.used, quota: session.quota });
      this.registry.settings.set('session.end', end);
    });
  }

  /** Before the registry is closed, so that the end is in the audit log. A signer that does not answer keeps nobody. */
  async #closeSession(): Promise<void> {
    const { signer } = this.#environment;
    if (signer.session === null) return;
    const closed = signer.call('session.close', { why: 'the station was stopped' }).catch(() => undefined);
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, closeMs).unref())]);
  }

  #sessionEnd(): SessionEnd | null {
    return this.registry.settings.get('session.end');
  }

  /** Whatever brought it into force: its device is let in, and the certificate that it replaces is not. The station's own wait for their files. */
  #inForce(serials: readonly string[]): void {
    if (serials.some((serial) => this.registry.certificates.get(serial)?.use === 'device')) this.publisher.publishSoon();
  }

  signerChanged(): void {
    // An open session lets out what waited for one: a revocation list, and the units in the slots.
    if (this.#environment.signer.session !== null && this.#environment.config.broker && this.#hasUnsignedWork())
      this.publisher.publishSoon();
    this.#upkeep.sessionChanged();
    this.line.poke();
  }

  /** What units that are plugged in from now on are made for, on this word. */
  chooseOrder(order: WorkOrder, actor: string): void {
    this.order.choose(order, actor);
    this.orderChanged();
    this.line.poke();
  }

  orderChanged(): void {
    this.order.changed();
    const progress = this.order.progress();
    if (progress !== null) this.#environment.emit('order.changed', progress);
    this.#environment.statusSoon();
  }

  /** Asks the signer for a session of this station's issuer; the PIN goes to the signer by itself. FOLDER_COPIED. */
  requestSession(asked: SessionWish & { readonly operator: string }): Promise<SignerOutput<'session.request'>> {
    const doubt = this.folder.doubt();
    if (doubt !== null) return Promise.reject(doubt);
    const token = this.registry.settings.must('token');
    return this.#environment.signer.requestSession(this.issuance.sessionTerms({ ...asked, token }));
  }

  async plugAll(): Promise<void> {
    for (const { slot } of this.line.views()) await this.bench?.plug(slot, {});
  }

  /** Proves what is NOT_VERIFIED; on a try-out station units that lie beside the bench, too. */
  async proveOutstanding(actor: string): Promise<ProofResult[]> {
    const { line, registry, bench } = this;
    const results = await line.proveOutstanding(actor);
    return bench === null ? results : proveFromBench({ line, registry, bench }, results, actor);
  }

  access(): AccessView {
    return accessView(this.registry, this.crls, this.host.view());
  }

  /** What devices say is heard on their new topics, and the broker learns of them. */
  topicRuleChanged(): void {
    if (!this.#environment.config.broker) return;
    this.#upkeep.listen();
    this.publisher.publishSoon();
  }

  status(): Omit<StationStatus, 'phase' | 'version' | 'dataDir' | 'operator'> {
    const { config, signer } = this.#environment;
    const broker = config.broker ? this.host.view() : null;
    return liveStatus({
      registry: this.registry,
      signer,
      crls: this.crls,
      broker,
      access: this.access(),
      sessionEnd: this.#sessionEnd(),
      publication: this.publisher.failure,
      records: this.records.views(),
      late: this.own.ends.late(),
      clockDoubt: this.clockGuard.doubt(),
      held: this.#held(),
      backups: this.backups,
      preconditions: this.#preconditions(),
    });
  }

  #preconditions(): StationStatus['preconditions'] {
    const { signer, clock, config } = this.#environment;
    const order = this.order.get();
    return preconditions({
      now: clock.now(),
      clockDoubt: this.clockGuard.doubt(),
      held: this.#held(),
      token: signer.token,
      session: signer.session,
      sessionEnd: this.#sessionEnd(),
      order,
      orderPassed: this.order.progress()?.passed ?? 0,
      issuerNotAfter: this.issuance.issuer.notAfter,
      validityDays: order === null ? 0 : this.issuance.profile(order.certificateProfile).validityDays,
      crl: this.crls.newest(),
      broker: config.broker ? this.host.view() : null,
    });
  }

  /** This folder is the one that is used from now on. */
  confirmFolder(note: string, actor: string): FolderView {
    const view = this.folder.confirm(note, actor);
    if (this.#environment.config.broker) this.publisher.publishSoon();
    this.#environment.statusSoon();
    return view;
  }

  /** Why nothing may be issued or published yet: the folder may be a copy, or the station was restored and has not caught up. */
  #held(): Failure | null {
    const restored = this.registry.settings.get('restored');
    const isOpen = restored?.open === true;
    const open = (madeAt: string): Failure =>
      new Failure('RESTORE_OPEN', { madeAt, reason: this.publisher.failure?.message ?? 'they are being read' });
    return this.folder.doubt() ?? (isOpen ? open(restored.madeAt) : null);
  }

  #whatToMake(): LineOrder | FailureData {
    const blocked = this.#preconditions().find((condition) => condition.level === 'error');
    if (blocked !== undefined) return blocked.failure;
    const order = unwrap(this.order.get(), 'without an order there is a precondition that says so');
    return { order, actor: this.order.actor };
  }

  #hasUnsignedWork(): boolean {
    return this.crls.isDue() || this.registry.revocations.waiting().length > 0;
  }
}
