import { createHash, randomUUID } from 'node:crypto';
import {
  Failure,
  stackOf,
  toFailureData,
  unwrap,
  type BundleView,
  type CallOutput,
  type CallParsed,
  type KeyAlgorithm,
  type WorkOrder,
} from '../../contract/index.ts';
import { holdSecret, say, withIds } from '../../log/index.ts';
import { newStationKey } from '../ca/index.ts';
import { instant, type Clock } from '../clock.ts';
import type { Issuance } from '../issuance/index.ts';
import { failRun, isProvable, passRun } from '../line/index.ts';
import type { BundleRow, Registry } from '../registry/index.ts';
import { revokeCertificate } from '../revocation/index.ts';
import { topicRuleOf, type TopicRule } from '../topic-rule.ts';
import type { Observer } from '../verify/index.ts';
import { fileNameOf, proofOf, writeBundle } from './contents.ts';
import { Links } from './links.ts';
import { checkPassphrase, newPassphrase, type Passphrase } from './passphrase.ts';
import { Proofs } from './proofs.ts';

export interface BundleDeskOptions {
  readonly registry: Registry;
  readonly issuance: Issuance;
  readonly clock: Clock;
  readonly observer: Observer;
  /** A certificate came into force. */
  readonly publishSoon: () => void;
  readonly onChange: (view: BundleView) => void;
}

type BundleRequest = CallParsed<'bundles.make'>;
type Made = Omit<CallOutput<'bundles.make'>, 'bundle' | 'file'>;

interface Sealing {
  readonly wish: BundleRequest;
  readonly run: string;
  readonly order: WorkOrder;
  readonly algorithm: KeyAlgorithm;
  readonly passphrase: Passphrase;
  readonly actor: string;
  readonly linkUntil: string | null;
}

interface Sealed {
  readonly serial: string;
  readonly file: Buffer;
  readonly passphrase: Passphrase;
  readonly revoked: string[];
}

const hourMs = 3_600_000;
/** A bundle is made in no slot. */
const noSlot = 0;
const contentTypes = { zip: 'application/zip', p12: 'application/x-pkcs12' } as const;

/**
 * Credentials for devices that cannot make a key of their own. Each bundle is a run without a slot: a key that lives for a moment, a
 * certificate, an encrypted file that is handed out once, and a proof that has to come before a deadline. The key exists nowhere afterwards,
 * so what is lost is replaced, never repeated.
 */
export class BundleDesk {
  readonly #options: BundleDeskOptions;
  readonly #links: Links;
  readonly #proofs: Proofs;

  constructor(options: BundleDeskOptions) {
    this.#options = options;
    this.#links = new Links(options.clock);
    this.#proofs = new Proofs(options.observer);
  }

  /** Goes on waiting for the devices whose bundles were handed out before. Without a broker there is nothing to see. */
  start(): void {
    for (const bundle of this.#options.registry.bundles.delivering()) this.#expect(bundle);
  }

  /** Links end with the station: what was not fetched is wiped, and its certificate revoked. */
  async stop(): Promise<void> {
    this.#links.close('the station was stopped');
    await this.#proofs.stop();
  }

  /** Handed out with the answer. INVALID_INPUT, NOT_FOUND, KEY_MAKER_REFUSED, CSR_KEY_REFUSED, ORDER_COMPLETE, SESSION_*; then there is no key. */
  async make(wish: BundleRequest, actor: string): Promise<CallOutput<'bundles.make'>> {
    const sealed = await this.#seal(wish, actor, null);
    this.#handedOut(sealed.serial, actor);
    return { bundle: this.view(sealed.serial), ...told(wish, sealed), file: sealed.file };
  }

  /** The same, handed out by a link; LINK_ADDRESS besides. */
  offer(wish: CallParsed<'bundles.offer'>, actor: string): Promise<CallOutput<'bundles.offer'>> {
    const { host, port, linkMinutes } = wish;
    return this.#links.at(host, port, async (offer) => {
      const until = this.#options.clock.now() + linkMinutes * 60_000;
      const sealed = await this.#seal(wish, actor, instant(until));
      const { serial, file } = sealed;
      const answer = told(wish, sealed);
      const link = offer({
        file,
        fileName: answer.fileName,
        contentType: contentTypes[wish.format],
        until,
        stillGood: () => isProvable(this.#options.registry, serial),
        ended: (why) => this.#linkEnded(serial, why, actor),
      });
      return { bundle: this.view(serial), ...answer, link: { ...link, until: instant(until) } };
    });
  }

  list(page: CallParsed<'bundles.list'>): CallOutput<'bundles.list'> {
    const { rows, ...rest } = this.#options.registry.bundles.list(page);
    return { ...rest, rows: rows.map((row) => this.#view(row)) };
  }

  view(serial: string): BundleView {
    return this.#view(this.#row(serial));
  }

  async #seal(wish: BundleRequest, actor: string, linkUntil: string | null): Promise<Sealed> {
    const { issuance } = this.#options;
    const { device } = wish;
    const order = this.#order(wish);
    const algorithm = issuance.stationKeyAlgorithm(order, wish.keyAlgorithm);
    const passphrase = wish.passphrase === null ? newPassphrase() : checkPassphrase(wish.passphrase, device);
    const run = randomUUID();
    const release = holdSecret(passphrase.text);
    try {
      return await withIds({ run }, () => this.#sealed({ wish, run, order, algorithm, passphrase, actor, linkUntil }));
    } finally {
      release();
    }
  }

  async #sealed({ wish, run, order, algorithm, passphrase, actor, linkUntil }: Sealing): Promise<Sealed> {
    const { registry, issuance, clock } = this.#options;
    const { device, format, proveHours } = wish;
    registry.devices.registerNamed(device, order, actor);
    registry.store.transaction(() => {
      registry.runs.start(run, noSlot, order.id, actor);
      registry.runs.bindDevice(run, device);
      registry.runs.journal(run, 'key', 'begin');
    });
    try {
      const key = await newStationKey(algorithm);
      try {
        const checked = issuance.checkStationKey(device, key.spki);
        registry.runs.journal(run, 'certificate', 'begin');
        const { serial, credentials } = await issuance.issue({ run, device, order, checked, actor });
        const content = { device, serial, pkcs8: key.pkcs8, credentials, at: clock.now() };
        const file = await writeBundle(format, content, passphrase.text);
        const revoked = registry.store.transaction(() => {
          registry.bundles.add({ serial, run, device, format, proveHours, linkUntil });
          const { generated, bits } = passphrase;
          const how = { algorithm, format, keyMadeBy: 'station', passphrase: { generated, bits }, linkUntil };
          registry.store.audit(actor, 'bundle.make', device, { serial, ...how });
          return this.#replace(device, serial, wish.lost, actor);
        });
        this.#options.publishSoon();
        return { serial, file, passphrase, revoked };
      } finally {
        key.wipe();
      }
    } catch (thrown) {
      failRun(registry, run, registry.runs.get(run)?.serial ?? null, toFailureData(registry.store.named(thrown)), actor);
      throw thrown;
    }
  }

  #order({ device, order: named }: BundleRequest): WorkOrder {
    const { runs, devices, settings } = this.#options.registry;
    const id = named ?? devices.get(device)?.order ?? settings.get('order') ?? '';
    const order = runs.order(id);
    if (order === null) throw new Failure('NOT_FOUND', { kind: 'work order', id });
    if (!device.startsWith(`${order.tenant}/`))
      throw new Failure('INVALID_INPUT', { field: 'device', problem: `work order ${id} is for devices of ${order.tenant}` });
    const { passed, notVerified } = runs.progress(order);
    // A device that has a certificate is counted already: this is another one for it, not another device.
    if (devices.get(device) === null && passed + notVerified >= order.quantity)
      throw new Failure('ORDER_COMPLETE', { quantity: order.quantity, order: id });
    return order;
  }

  /** Of a device there is one bundle on its way. What it works with stays good until the new one is proven, unless it is `lost`. */
  #replace(device: string, serial: string, lost: boolean, actor: string): string[] {
    const { registry } = this.#options;
    const reason = lost ? 'keyCompromise' : 'superseded';
    const note = lost ? 'its bundle is lost' : 'replaced by a newer bundle';
    const others = registry.bundles.pendingOf(device).filter((one) => one.serial !== serial);
    for (const { run } of others) registry.runs.end(run, 'FAIL', { failure: new Failure('BUNDLE_REPLACED', { device }).toData() });
    const going = lost ? registry.certificates.select({ device }).filter((one) => one.serial !== serial) : others;
    return going.filter((one) => revokeCertificate(registry, one.serial, { reason, note, actor })).map((one) => one.serial);
  }

  /** From now on its certificate is on trial. */
  #handedOut(serial: string, actor: string): void {
    const { registry, clock } = this.#options;
    const { run, proveHours } = this.#row(serial);
    registry.store.transaction(() => {
      registry.bundles.delivered(serial);
      registry.runs.end(run, 'NOT_VERIFIED', { deadline: instant(clock.now() + proveHours * hourMs) });
      registry.store.audit(actor, 'bundle.deliver', this.#row(serial).device, { serial });
    });
    this.#changed(serial);
    this.#expect(this.#row(serial));
  }

  #linkEnded(serial: string, why: string | null, actor: string): void {
    const { registry } = this.#options;
    try {
      if (why === null && isProvable(registry, serial)) return this.#handedOut(serial, actor);
      const { run } = this.#row(serial);
      // A newer bundle, or whoever revoked it, has ended the run or the certificate already.
      if (registry.runs.get(run)?.verdict === null)
        failRun(registry, run, serial, new Failure('BUNDLE_NOT_FETCHED', { why: why ?? 'its certificate was revoked' }).toData(), actor);
      this.#changed(serial);
    } catch (thrown) {
      // A full disk: the run is open in the journal, and the next start ends it.
      say('error', 'delivery', `the end of the link of ${serial} is not recorded: ${stackOf(registry.store.named(thrown))}`);
    }
  }

  #expect({ serial, run, device }: BundleRow): void {
    const { registry } = this.#options;
    this.#proofs.watch({
      key: serial,
      proof: proofOf(topicRuleOf(registry.settings).base(device), serial),
      isWanted: () => registry.runs.get(run)?.verdict === 'NOT_VERIFIED' && isProvable(registry, serial),
      arrived: () => {
        registry.store.transaction(() => {
          const { actor } = unwrap(registry.runs.get(run), 'a run is never deleted');
          passRun(registry, run, device, serial, actor);
          registry.store.audit(actor, 'bundle.proven', device, { serial, gaps: ['read-back', 'isolation'] });
        });
        this.#changed(serial);
      },
    });
  }

  #view(row: BundleRow): BundleView {
    return asView(row, topicRuleOf(this.#options.registry.settings));
  }

  #row(serial: string): BundleRow {
    return unwrap(this.#options.registry.bundles.get(serial), 'a bundle is never deleted');
  }

  #changed(serial: string): void {
    this.#options.onChange(this.view(serial));
  }
}

function asView({ run: _run, proveHours: _hours, ...row }: BundleRow, rule: TopicRule): BundleView {
  return { ...row, proof: proofOf(rule.base(row.device), row.serial) };
}

function told({ device, format }: BundleRequest, { serial, file, passphrase, revoked }: Sealed): Made {
  return {
    fileName: fileNameOf(device, serial, format),
    sha256: createHash('sha256').update(file).digest('hex'),
    bytes: file.length,
    passphrase: passphrase.generated ? passphrase.text : null,
    passphraseBits: passphrase.bits,
    revoked,
  };
}
