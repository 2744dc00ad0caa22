import { Failure, type FailureData, type ProofLevel, type RunGap } from '../../contract/index.ts';
import type { Registry } from '../registry/index.ts';
import { revokeCertificate } from '../revocation/index.ts';

/** Not, when its certificate was revoked or has expired while the unit was being proven, or waited for it. */
export const isProvable = (registry: Registry, serial: string): boolean => registry.certificates.get(serial)?.status === 'SIGNED';

/** Is there a revoked certificate with this number? */
export const isRevoked = (registry: Registry, serial: string | null): boolean =>
  serial !== null && registry.certificates.get(serial)?.status === 'REVOKED';

/** CERTIFICATE_REVOKED, CERTIFICATE_EXPIRED. */
export function mustBeProvable(registry: Registry, serial: string): void {
  const certificate = registry.certificates.get(serial);
  if (certificate?.status === 'REVOKED') throw new Failure('CERTIFICATE_REVOKED');
  if (certificate?.status === 'EXPIRED') throw new Failure('CERTIFICATE_EXPIRED', { notAfter: certificate.notAfter });
}

/** PASS, the ACTIVE certificate and the end of older certificates and runs of the device are one transaction. */
export function passRun(
  registry: Registry,
  run: string,
  device: string,
  serial: string,
  actor: string,
  { proofLevel, gaps }: { readonly proofLevel: ProofLevel; readonly gaps: readonly RunGap[] } = {
    proofLevel: 'device-connected',
    gaps: [],
  },
): void {
  registry.store.transaction(() => {
    mustBeProvable(registry, serial);
    registry.runs.plan(run, proofLevel, gaps);
    registry.runs.end(run, 'PASS', {});
    registry.certificates.activate(serial, actor);
    registry.devices.proven(device, proofLevel);
    for (const other of registry.runs.notVerified().filter((one) => one.device === device)) {
      registry.runs.end(other.id, 'FAIL', { failure: new Failure('CERTIFICATE_REVOKED').toData() });
    }
    for (const other of registry.certificates.select({ device })) {
      if (other.serial === serial) continue;
      revokeCertificate(registry, other.serial, { reason: 'superseded', note: 'replaced by a new certificate', actor });
    }
    registry.store.audit(actor, 'run.pass', device, { run, serial, proofLevel, without: gaps });
  });
}

/** FAIL and the revocation of what was signed (or may have been) are one transaction; tells whether a certificate is revoked now. */
export function failRun(registry: Registry, run: string, serial: string | null, failure: FailureData, actor: string): boolean {
  return registry.store.transaction(() => {
    registry.runs.end(run, 'FAIL', { failure });
    if (serial !== null)
      revokeCertificate(registry, serial, { reason: 'cessationOfOperation', note: `run failed: ${failure.code}`, actor });
    registry.store.audit(actor, 'run.fail', registry.runs.get(run)?.device ?? run, { run, code: failure.code });
    return isRevoked(registry, serial);
  });
}
