import { randomUUID } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, unwrap, type CeremonyView } from '../contract/index.ts';
import {
  Ceremony,
  parseCeremonyFile,
  planOf,
  waitsInWords,
  planInputHash,
  planInputOf,
  type CeremonyParts,
  type CeremonyTools,
  type PlanInput,
} from './ceremony/index.ts';
import type { CertificateProfile } from './ca/index.ts';
import { CrlSet } from './publication/index.ts';
import { hashPassword, openRegistry, type Registry } from './registry/index.ts';
import { loadCertificateProfiles, softwareTokenModule } from './setup/index.ts';
import type { Environment } from './environment.ts';
import type { LiveStation } from './live-station.ts';

type Pin = CeremonyTools['pin'];

/** Where ceremonies are begun and gone on with: on a new station, which has no more than a registry yet, and on one that is set up. */
export class CeremonyDesk {
  readonly #environment: Environment;
  /** Null on first run. */
  readonly #live: () => LiveStation | null;
  /** Of a station that is not set up. */
  #registry: Registry | null = null;
  #busy = false;

  constructor(environment: Environment, live: () => LiveStation | null) {
    this.#environment = environment;
    this.#live = live;
  }

  /** A step is under way. */
  get busy(): boolean {
    return this.#busy;
  }

  current(): Ceremony | null {
    const registry = this.#registryIfAny();
    const record = registry?.ceremonies.open() ?? null;
    return registry === null || record === null ? null : new Ceremony(this.#parts(registry), record);
  }

  /** NOT_SET_UP on first run. */
  all(): CeremonyView[] {
    const registry = this.#live()?.registry;
    if (registry === undefined) throw new Failure('NOT_SET_UP');
    return registry.ceremonies.all().map((record) => new Ceremony(this.#parts(registry), record).view());
  }

  /** CEREMONY_FILE, INVALID_INPUT, CEREMONY_OPEN. */
  startFile(text: string, password: string | null, actor: string): Ceremony {
    const file = parseCeremonyFile(text, 'the ceremony file');
    const { config } = this.#environment;
    const live = this.#live();
    const input = planInputOf(file, {
      live:
        live === null
          ? null
          : {
              module: live.registry.settings.must('module'),
              token: live.registry.settings.must('token'),
              crlBase: live.registry.settings.must('crlBase'),
              issuers: live.registry.issuers.all(),
            },
      softwareModule: () => softwareTokenModule(config.dataDir),
      passwordHash: password === null ? null : hashPassword(password),
    });
    return this.start(input, actor);
  }

  /** The open ceremony when it is the same; else a new one, where nothing is lost by it. CEREMONY_OPEN. */
  start(input: PlanInput, actor: string): Ceremony {
    this.#mustBeFree();
    const inputHash = planInputHash(input);
    const open = this.current();
    if (open !== null && open.inputHash === inputHash) return open;
    if (open !== null) this.#giveWay(open, actor);
    if (input.newToken) this.#clear();
    const registry = this.#registryIfAny() ?? this.#openRegistry();
    const id = randomUUID();
    registry.ceremonies.begin({ id, plan: JSON.stringify(planOf(input)), inputHash }, input.name, actor);
    return new Ceremony(this.#parts(registry), unwrap(registry.ceremonies.get(id), 'it was just begun'));
  }

  /** Another ceremony may take its place while it has made nothing that stays: no key on a token that was there before. */
  #giveWay(open: Ceremony, actor: string): void {
    const { name, waits } = open.view();
    if (!open.mayBeReplaced) throw new Failure('CEREMONY_OPEN', { name, waits: waitsInWords(waits) });
    if (this.#live() !== null) open.abandon(actor);
    else this.#clear();
  }

  /** Nothing in the folder of a station that is not set up was ever given to a device. A record of keys that stay on a token is kept. */
  #clear(): void {
    const registry = this.#registryIfAny();
    const kept = registry?.ceremonies.all().some((record) => !new Ceremony(this.#parts(registry), record).mayBeReplaced) === true;
    if (!kept) this.close();
    const { dataDir } = this.#environment.config;
    const database = kept ? [] : ['station.db', 'station.db-wal', 'station.db-shm'];
    // The CRLs first: CRLs without a database are the sign of a station that was lost.
    for (const name of ['crl', ...database, 'secrets', 'broker', 'token']) rmSync(join(dataDir, name), { recursive: true, force: true });
  }

  /** Goes on until it is done or waits. CEREMONY_NONE, CEREMONY_BUSY, CEREMONY_WAITS. */
  async continue(actor: string, pin: Pin): Promise<Ceremony> {
    this.#mustBeFree();
    const ceremony = this.required();
    this.#busy = true;
    try {
      await ceremony.run(actor, {
        pin,
        progress: (step, done, total) => this.#environment.emit('setup.progress', { step, done, total }),
        crls: this.#crls(ceremony, actor),
        buildCrls: async (missing) => {
          const live = this.#live();
          if (live !== null) return live.buildCrls(missing);
          for (const builder of missing) await builder.build();
        },
      });
    } finally {
      this.#busy = false;
    }
    return ceremony;
  }

  /** Before its issuers are in force. CEREMONY_NONE, CEREMONY_BUSY, CEREMONY_TOO_LATE. */
  abandon(actor: string): CeremonyView {
    this.#mustBeFree();
    const ceremony = this.required();
    ceremony.abandon(actor);
    return ceremony.view();
  }

  /** Profiles that device certificates below a new issuer may have. */
  deviceProfiles(): CertificateProfile[] {
    const live = this.#live();
    if (live !== null) return live.profiles.all().map(({ profile }) => profile);
    return [...loadCertificateProfiles(this.#environment.config.resourcesDir).values()].filter(({ use }) => use === 'device');
  }

  required(): Ceremony {
    const open = this.current();
    if (open === null) throw new Failure('CEREMONY_NONE');
    return open;
  }

  #mustBeFree(): void {
    if (this.#busy) throw new Failure('CEREMONY_BUSY');
  }

  #crls(ceremony: Ceremony, actor: string): CrlSet {
    const live = this.#live();
    if (live !== null) return live.crls;
    const { registry, dataDir, signer, clock } = ceremony.context.parts;
    return new CrlSet({ registry, crlBase: ceremony.context.plan.crlBase, dataDir, signer, grantedBy: () => actor, clock });
  }

  #parts(registry: Registry): CeremonyParts {
    const { config, signer, clock } = this.#environment;
    return { registry, dataDir: config.dataDir, signer: signer.call, clock, profiles: loadCertificateProfiles(config.resourcesDir) };
  }

  #registryIfAny(): Registry | null {
    const live = this.#live();
    if (live !== null) return live.registry;
    if (this.#registry === null && existsSync(join(this.#environment.config.dataDir, 'station.db'))) this.#openRegistry();
    return this.#registry;
  }

  #openRegistry(): Registry {
    this.#registry = openRegistry(this.#environment.config.dataDir, this.#environment.clock);
    return this.#registry;
  }

  /** Lets go of the registry of a station that is not set up. */
  close(): void {
    this.#registry?.close();
    this.#registry = null;
  }
}
