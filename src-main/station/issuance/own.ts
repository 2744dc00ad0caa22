import { Failure, unwrap, type CertificateRow, type SignerClient } from '../../contract/index.ts';
import {
  assembleCertificate,
  checkCsr,
  distributionPoint,
  newSerial,
  partitionOf,
  readCertificate,
  readIssuer,
  requestFromFile,
  type CertificateProfile,
  type Draft,
  type LeafRequest,
} from '../ca/index.ts';
import type { Clock } from '../clock.ts';
import type { IssuerRecord, Registry } from '../registry/index.ts';
import { orAbandon } from './abandon.ts';

export interface OwnIssuanceOptions {
  readonly registry: Registry;
  readonly signer: SignerClient;
  readonly clock: Clock;
  readonly crlBase: string;
  readonly profile: () => CertificateProfile;
}

export interface OwnKey {
  /** SubjectPublicKeyInfo, DER. */
  readonly spki: Uint8Array;
  readonly spkiSha256: string;
}

export interface OwnRequest extends OwnKey {
  /** The session's profile to sign under. */
  readonly signAs: string;
  readonly actor: string;
}

/** The key of a PKCS#10 request of what is no device, PEM or DER. INVALID_INPUT, CSR_*, KEY_REUSED for a device's or a CA's key. */
export function checkOwnRequest({ registry, profile }: OwnIssuanceOptions, file: Uint8Array): OwnKey {
  const { spki, spkiSha256 } = checkCsr(requestFromFile(file), { keyAlgorithms: profile().keyAlgorithms });
  const owner = registry.devices.ownerOfKey(spkiSha256) ?? registry.issuers.all().find((one) => one.spkiSha256 === spkiSha256)?.subject;
  if (owner !== undefined) throw new Failure('KEY_REUSED', { device: owner });
  return { spki, spkiSha256 };
}

/** What is issued, by whom, and what the audit log says of it. */
export interface OwnCertificate {
  readonly issuer: IssuerRecord;
  readonly use: 'server' | 'service';
  readonly draft: (request: Omit<LeafRequest, 'subject'>) => Draft;
  readonly action: string;
  readonly detail: (draft: Draft) => Readonly<Record<string, unknown>>;
}

export interface IssuedOwn {
  readonly row: CertificateRow;
  /** Certificate first, then what is above it but the root. DER. */
  readonly chain: readonly Uint8Array[];
}

/** A certificate for a broker, a service or the station itself: reserved, signed, recorded and ACTIVE. What the signer refuses. */
export async function issueOwn(options: OwnIssuanceOptions, request: OwnRequest, wanted: OwnCertificate): Promise<IssuedOwn> {
  const { registry, signer, clock, crlBase } = options;
  const { spki, spkiSha256, actor } = request;
  const { issuer, use } = wanted;
  const serial = newSerial();
  const partition = partitionOf(serial, issuer.partitions);
  const draft = wanted.draft({
    issuer: readIssuer(issuer.certificate),
    profile: options.profile(),
    spki,
    serial,
    now: clock.now(),
    crlUri: distributionPoint(crlBase, issuer, partition),
  });
  const { commonName, notBefore, notAfter } = draft;
  const names = { serial, issuer: issuer.id, partition, use, device: commonName, run: null, order: null };
  registry.certificates.reserve({ ...names, spkiSha256, notBefore, notAfter }, actor);
  const key = { ckaId: issuer.ckaId, spkiSha256: issuer.spkiSha256 };
  const certificate = await orAbandon(registry, serial, actor, async () => {
    const { signature } = await signer('sign.certificate', { key, profile: request.signAs, tbs: draft.tbs });
    const signed = assembleCertificate(draft.tbs, issuer, signature);
    registry.store.transaction(() => {
      registry.certificates.signed(serial, signed, readCertificate(signed).fingerprint, actor);
      registry.certificates.activate(serial, actor);
      registry.store.audit(actor, wanted.action, commonName, { serial, ...wanted.detail(draft) });
    });
    return signed;
  });
  const row = unwrap(registry.certificates.get(serial), 'it was just recorded');
  return { row, chain: [certificate, issuer.certificate, ...issuer.chain.slice(0, -1)] };
}
