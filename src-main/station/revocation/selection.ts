import { Failure, type CertificateRow, type RevocationView, type Selector } from '../../contract/index.ts';
import type { Registry } from '../registry/index.ts';
import { revokeCertificate, type RevocationCause } from './revoke.ts';

/**
 * Revokes what one device, serial number or fingerprint means right now. Returns what was revoked or, when all of it was before, how
 * far that has come. NOT_FOUND, DEVICE_WITHOUT_CERTIFICATE, REVOCATION_TOO_LATE.
 */
export function revokeSelected(registry: Registry, selector: Selector, cause: RevocationCause): RevocationView[] {
  const { certificates, revocations, store } = registry;
  const hit = certificates.select(selector);
  const [newest] = hit;
  if (newest === undefined) throw nothingToRevoke(registry, selector);
  if (hit.every(isExpired)) throw new Failure('REVOCATION_TOO_LATE', { serial: newest.serial, notAfter: newest.notAfter });
  const revoked = store.transaction(() => hit.filter((row) => !isExpired(row) && revokeCertificate(registry, row.serial, cause)));
  return (revoked.length > 0 ? revoked : hit).flatMap(({ serial }) => revocations.get(serial) ?? []);
}

const isExpired = ({ status }: CertificateRow): boolean => status === 'EXPIRED';

function nothingToRevoke({ devices }: Registry, selector: Selector): Failure {
  const { device } = selector;
  if (device === undefined) return new Failure('NOT_FOUND', { kind: 'certificate', id: Object.values(selector).join('') });
  return devices.get(device) === null
    ? new Failure('NOT_FOUND', { kind: 'device', id: device })
    : new Failure('DEVICE_WITHOUT_CERTIFICATE', { device });
}
