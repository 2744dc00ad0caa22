import { Failure, limits, unwrap, type CertificateRow } from '../../contract/index.ts';
import { attestationFromFile, requestFromFile } from '../ca/index.ts';
import { instant, type Clock } from '../clock.ts';
import type { Issuance } from '../issuance/index.ts';
import type { Registry } from '../registry/index.ts';
import { revokeCertificate } from '../revocation/index.ts';

export interface RotationParts {
  readonly registry: Registry;
  readonly issuance: Pick<Issuance, 'checkRequest' | 'issue'>;
  readonly clock: Clock;
}

export interface RotationRequest {
  readonly device: string;
  /** PEM or DER of a PKCS#10 request, signed with the new key. */
  readonly csr: Uint8Array;
  /** What the device says about where the new key was made, as a file. */
  readonly attestation?: Uint8Array | null;
  readonly graceHours: number;
  /** The old one is revoked as soon as the new one is seen, not only when its grace period is over. */
  readonly endWhenSeen: boolean;
  /** Why it is renewed earlier than the policy lets it; null: it is not. */
  readonly override: string | null;
  readonly actor: string;
}

export interface Rotated {
  readonly serial: string;
  readonly replaces: string;
  readonly graceUntil: string;
  /** Certificate first, then what is above it but the root. DER. */
  readonly chain: readonly Uint8Array[];
}

const dayMs = 86_400_000;
const hourMs = 3_600_000;

/**
 * A new certificate for a device in the field: its request proves that it has the new key. Both certificates are good until the grace
 * period ends. NOT_FOUND, ROTATION_REFUSED, RENEWAL_TOO_EARLY, CSR_*, ATTESTATION_*, and what the signer refuses; then nothing has changed for the device.
 */
export async function rotate({ registry, issuance, clock }: RotationParts, request: RotationRequest): Promise<Rotated> {
  const { device, actor, attestation: statement = null } = request;
  const known = registry.devices.get(device);
  if (known === null) throw new Failure('NOT_FOUND', { kind: 'device', id: device });
  const old = inForce(registry, device, clock.now());
  mustBeDue(old, clock.now(), request.override);
  const order = unwrap(registry.runs.order(known.order ?? ''), 'a device with a certificate has a work order');
  const checked = await issuance.checkRequest(device, order, {
    csr: requestFromFile(request.csr),
    attestation: statement === null ? null : attestationFromFile(statement),
  });
  const issued = await issuance.issue({ run: null, replaces: old.serial, device, order, checked, actor });
  const graceUntil = instant(clock.now() + request.graceHours * hourMs);
  registry.store.transaction(() => {
    // While the token signed, somebody may have revoked the device, or rotated it.
    const still = registry.certificates.get(old.serial)?.status === 'ACTIVE';
    if (still) {
      registry.certificates.activate(issued.serial, actor);
      registry.certificates.rotate(old.serial, { graceUntil, endWhenSeen: request.endWhenSeen }, actor);
      registry.store.audit(actor, 'device.rotate', device, {
        serial: issued.serial,
        replaces: old.serial,
        graceUntil,
        endWhenSeen: request.endWhenSeen,
        override: request.override,
      });
    } else
      revokeCertificate(registry, issued.serial, {
        reason: 'cessationOfOperation',
        note: 'the certificate that it was to replace is not in force any more',
        actor,
      });
  });
  if (registry.certificates.get(issued.serial)?.status !== 'ACTIVE') inForce(registry, device, clock.now());
  return { serial: issued.serial, replaces: old.serial, graceUntil, chain: issued.credentials.certificateChain };
}

/** The certificate to be replaced; ROTATION_REFUSED when there is none, or one is being replaced already. */
function inForce(registry: Registry, device: string, now: number): CertificateRow {
  const rows = registry.certificates.select({ device });
  const rotating = rows.find(({ status }) => status === 'ROTATING');
  if (rotating !== undefined)
    throw new Failure('ROTATION_REFUSED', {
      device,
      problem: `serial ${rotating.serial} is being replaced already, until ${rotating.graceUntil ?? ''}`,
    });
  const active = rows.find(({ status }) => status === 'ACTIVE');
  const problem = active === undefined ? whyNone(rows) : Date.parse(active.notAfter) <= now ? ended(active) : null;
  if (active === undefined || problem !== null)
    throw new Failure('ROTATION_REFUSED', { device, problem: problem ?? 'it has no certificate that can be replaced' });
  return active;
}

const ended = ({ serial, notAfter }: CertificateRow): string => `serial ${serial} ended ${notAfter}, so there is nothing to renew`;

/** `rows`: newest first. */
function whyNone([newest]: readonly CertificateRow[]): string {
  if (newest === undefined) return 'it never had a certificate';
  if (newest.status === 'REVOKED') return `serial ${newest.serial} was revoked ${newest.revokedAt ?? ''} (${newest.reason ?? ''})`;
  return newest.status === 'EXPIRED' ? ended(newest) : 'it has no certificate in force yet';
}

function mustBeDue({ notAfter }: CertificateRow, now: number, override: string | null): void {
  const daysLeft = Math.floor((Date.parse(notAfter) - now) / dayMs);
  if (daysLeft > limits.renewalWindowDays && override === null)
    throw new Failure('RENEWAL_TOO_EARLY', { daysLeft, window: limits.renewalWindowDays, notAfter });
}

/** Revokes what was replaced and whose grace period is over; returns how many. Done by the clock, and at every start. */
export function endGracePeriods(registry: Registry): number {
  return registry.store.transaction(() => {
    const over = registry.certificates.graceOver();
    for (const { serial, actor } of over)
      revokeCertificate(registry, serial, { reason: 'superseded', note: 'its grace period is over', actor });
    return over.length;
  });
}

/** Ends a grace period now: the new certificate has been seen. NOT_FOUND, ROTATION_REFUSED. */
export function endGraceNow(registry: Registry, serial: string, actor: string): void {
  const row = registry.certificates.get(serial);
  if (row === null) throw new Failure('NOT_FOUND', { kind: 'certificate', id: serial });
  if (row.status !== 'ROTATING')
    throw new Failure('ROTATION_REFUSED', { device: row.device, problem: `serial ${serial} is ${row.status}, not ROTATING` });
  revokeCertificate(registry, serial, { reason: 'superseded', note: 'its successor was seen', actor });
}

/** What a stopped station left open outside of the line, for devices and brokers: a signature of unknown outcome is revoked. Returns how many. */
export function recoverUnfinished(registry: Registry): number {
  return registry.store.transaction(() => {
    const left = (['device', 'server', 'service'] as const).flatMap((use) => registry.certificates.unfinished(use));
    for (const { serial, actor } of left)
      revokeCertificate(registry, serial, {
        reason: 'cessationOfOperation',
        note: 'the station stopped while it was made',
        actor,
      });
    return left.length;
  });
}
