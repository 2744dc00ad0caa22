import { Failure, type CertificateUse, type SignerClient } from '../../contract/index.ts';
import {
  assembleCertificate,
  buildServerTbs,
  buildServiceTbs,
  certificateToPem,
  crlUri,
  newSerial,
  partitionOf,
  type CertificateProfile,
  type MadeAuthority,
  type Role,
} from '../ca/index.ts';
import type { Clock } from '../clock.ts';
import { makeKey, saveIdentity, type IdentityName } from './identities.ts';

export type Hierarchy = Readonly<Record<Role, MadeAuthority>>;

export interface LeafPlan {
  readonly dataDir: string;
  readonly crlBase: string;
  /** Of the CRL of the issuer for devices. */
  readonly partitions: number;
}

export interface LeafTools {
  readonly signer: SignerClient;
  readonly clock: Clock;
  readonly profiles: ReadonlyMap<string, CertificateProfile>;
}

/** NOT_FOUND when it is not shipped. */
export function profileOf({ profiles }: Pick<LeafTools, 'profiles'>, name: string): CertificateProfile {
  const profile = profiles.get(name);
  if (profile === undefined) throw new Failure('NOT_FOUND', { kind: 'certificate profile', id: name });
  return profile;
}

export interface ClientLeaf {
  readonly use: CertificateUse;
  readonly partition: number;
  readonly der: Buffer;
}

/** Keys and certificates that the station keeps for itself. */
export class LeafMaker {
  readonly made: ClientLeaf[] = [];
  readonly #plan: LeafPlan;
  readonly #tools: LeafTools;
  readonly #authorities: Hierarchy;
  readonly #ids: Readonly<Record<Role, string>>;

  constructor(plan: LeafPlan, tools: LeafTools, authorities: Hierarchy, ids: Readonly<Record<Role, string>>) {
    this.#plan = plan;
    this.#tools = tools;
    this.#authorities = authorities;
    this.#ids = ids;
  }

  async server(hosts: readonly string[]): Promise<void> {
    const { server } = this.#authorities;
    const key = makeKey();
    const draft = buildServerTbs({
      issuer: server.issuer,
      profile: profileOf(this.#tools, 'server'),
      spki: key.spki,
      hosts,
      serial: newSerial(),
      now: this.#tools.clock.now(),
      crlUri: crlUri(this.#plan.crlBase, this.#ids.server),
    });
    const certificate = await this.#sign(server, 'server', draft.tbs);
    saveIdentity(this.#plan.dataDir, 'broker', {
      keyPem: key.keyPem,
      certificatePem: certificateToPem(certificate) + certificateToPem(server.certificate),
    });
  }

  async client(file: IdentityName, profileName: 'canary' | 'service', name: string): Promise<void> {
    const { issuer } = this.#authorities;
    const key = makeKey();
    const profile = profileOf(this.#tools, profileName);
    const serial = newSerial();
    const partition = partitionOf(serial, this.#plan.partitions);
    const draft = buildServiceTbs({
      issuer: issuer.issuer,
      profile,
      spki: key.spki,
      subject: { name },
      serial,
      now: this.#tools.clock.now(),
      crlUri: crlUri(this.#plan.crlBase, this.#ids.issuer, partition),
    });
    const certificate = await this.#sign(issuer, profileName, draft.tbs);
    saveIdentity(this.#plan.dataDir, file, {
      keyPem: key.keyPem,
      certificatePem: certificateToPem(certificate) + certificateToPem(issuer.certificate),
    });
    this.made.push({
      use: file === 'observer' ? 'service' : file === 'good-canary' ? 'canary-good' : 'canary-revoked',
      partition,
      der: certificate,
    });
  }

  async #sign(authority: MadeAuthority, profile: string, tbs: Uint8Array): Promise<Buffer> {
    const { signature } = await this.#tools.signer('sign.certificate', { key: authority.proof.key, profile, tbs });
    return assembleCertificate(tbs, authority.proof, signature);
  }
}
