import { Failure, type IssuerKind, type KeyProof, type SignerClient } from '../../contract/index.ts';
import { readIssuer, type CertificateProfile, type Issuer } from '../ca/index.ts';
import type { Clock } from '../clock.ts';
import type { CeremonyRecord, Registry } from '../registry/index.ts';
import { details, Journal } from './steps.ts';
import { Plan, type PlannedAuthority } from './plan.ts';

export interface CeremonyParts {
  readonly registry: Registry;
  readonly dataDir: string;
  readonly signer: SignerClient;
  readonly clock: Clock;
  readonly profiles: ReadonlyMap<string, CertificateProfile>;
}

/** A CA that has its certificate. `chain`: what is above it and not this station's, the nearest first. */
export interface MadeAuthority {
  readonly planned: PlannedAuthority;
  readonly proof: KeyProof;
  readonly certificate: Buffer;
  readonly chain: readonly Buffer[];
  readonly issuer: Issuer;
}

/** One ceremony as the registry has it: plan and journal, and what can be read from the two. */
export class CeremonyContext {
  readonly parts: CeremonyParts;
  readonly id: string;
  readonly plan: Plan;

  constructor(parts: CeremonyParts, record: Pick<CeremonyRecord, 'id' | 'plan'>) {
    this.parts = parts;
    this.id = record.id;
    this.plan = Plan.parse(JSON.parse(record.plan));
  }

  get journal(): Journal {
    return new Journal(this.parts.registry.ceremonies.journal(this.id));
  }

  write(step: string, phase: 'begin' | 'done', detail: unknown, actor: string): void {
    this.parts.registry.ceremonies.write(this.id, step, phase, detail, actor);
  }

  planned(role: IssuerKind): PlannedAuthority | null {
    return this.plan.authorities.find((authority) => authority.role === role) ?? null;
  }

  /** The proof of a key that was made; null before. */
  proof(role: IssuerKind): KeyProof | null {
    return this.journal.done(`key:${role}`, details.key)?.proof ?? null;
  }

  /** A CA of this ceremony that has its certificate; null before. */
  made(role: IssuerKind): MadeAuthority | null {
    const planned = this.planned(role);
    const proof = this.proof(role);
    if (planned === null || proof === null) return null;
    const step = `${planned.signedBy === 'customer' ? 'import' : 'certificate'}:${role}`;
    const done = this.journal.done(step, details.certificate);
    if (done === null) return null;
    return { planned, proof, certificate: done.certificate, chain: done.chain, issuer: readIssuer(done.certificate) };
  }

  /** Every CA of this ceremony that has its certificate. */
  allMade(): MadeAuthority[] {
    return this.plan.authorities.flatMap(({ role }) => this.made(role) ?? []);
  }

  /** NOT_FOUND when it is not shipped. */
  profile(name: string): CertificateProfile {
    const profile = this.parts.profiles.get(name);
    if (profile === undefined) throw new Failure('NOT_FOUND', { kind: 'certificate profile', id: name });
    return profile;
  }
}
