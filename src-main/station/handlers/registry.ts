import { Failure, unwrap, type CallOutput } from '../../contract/index.ts';
import type { HandlersOf } from '../dispatch/index.ts';
import { certificateToPem, crlToPem } from '../ca/index.ts';
import { sha256Hex } from '../../der/index.ts';
import { customerCas } from '../publication/index.ts';
import { runDoctor } from '../support/index.ts';
import type { CrlBuilder } from '../publication/index.ts';
import type { LiveStation } from '../live-station.ts';
import type { HandlerContext } from './context.ts';

export function registryHandlers(station: HandlerContext): HandlersOf<'certificates' | 'export' | 'doctor'> {
  const live = (): LiveStation => station.live();

  return {
    'certificates.list': (filter) => live().registry.certificates.list(filter),
    'certificates.expiring': (asked) => live().registry.certificates.expiring(asked),
    'certificates.get': ({ serial }) => {
      const row = live().registry.certificates.get(serial);
      if (row === null) throw new Failure('NOT_FOUND', { kind: 'certificate', id: serial });
      const { der, spkiSha256: _, ...rest } = row;
      return { ...rest, pem: der === null ? null : certificateToPem(der) };
    },
    'doctor.run': () => runDoctor(live(), station.config.dataDir),
    'export.pem': () => exportPem(live()),
  };
}

function exportPem(live: LiveStation): CallOutput<'export.pem'> {
  const { registry, crls } = live;
  const files: { name: string; pem: string }[] = [];
  const issuing = unwrap(registry.issuers.current('issuing'), 'a finished station has an issuer');
  const root = registry.issuers.anchorOf(issuing);
  files.push({ name: 'root.pem', pem: certificateToPem(root) }, { name: 'issuer.pem', pem: certificateToPem(issuing.certificate) });
  // What lies between the two, where a customer's CA does.
  const between = issuing.chain.filter((certificate) => !certificate.equals(root));
  if (between.length > 0) files.push({ name: 'intermediates.pem', pem: between.map(certificateToPem).join('') });
  for (const { id, kind, certificate } of registry.issuers.all())
    if (id !== issuing.id && !certificate.equals(root))
      files.push({ name: `issuers/${kind}-${id}.pem`, pem: certificateToPem(certificate) });
  for (const certificate of customerCas(registry)) {
    const held = registry.rootCrls.get(sha256Hex(certificate));
    if (held !== null) files.push({ name: `crls/customer-${held.fingerprint.slice(0, 16)}.pem`, pem: crlToPem(held.der) });
  }
  files.push({ name: 'crl.pem', pem: pemOf(crls.current()) });
  for (const { id, kind } of registry.issuers.signsCrls().filter((issuer) => issuer.id !== issuing.id))
    files.push({ name: `crls/${kind}-${id}.pem`, pem: pemOf(crls.builders().filter(({ issuer }) => issuer.id === id)) });
  for (const { device, serial, der } of registry.certificates.withDer('device')) {
    files.push({ name: `certificates/${device.replace('/', '-')}-${serial}.pem`, pem: certificateToPem(der) });
  }
  return files;
}

/** The newest CRL of each partition, one after the other. */
const pemOf = (crls: readonly CrlBuilder[]): string => crls.map((crl) => (crl.newest() === null ? '' : crl.current().pem)).join('');
