import { Failure, type CallOutput } from '../../contract/index.ts';
import type { HandlersOf } from '../access/index.ts';
import { certificateToPem } from '../ca/index.ts';
import { runDoctor } from '../doctor/index.ts';
import type { CrlBuilder } from '../publication/index.ts';
import type { LiveStation } from '../live-station.ts';
import type { Station } from '../station.ts';

export function registryHandlers(station: Station): HandlersOf<'certificates' | 'export' | 'doctor'> {
  const live = (): LiveStation => station.live();

  return {
    'certificates.list': (filter) => live().registry.certificates.list(filter),
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
  const current = { root: registry.issuers.current('root')?.id, issuing: registry.issuers.current('issuing')?.id };
  for (const { id, kind, certificate } of registry.issuers.all()) {
    const name = id === current.root ? 'root.pem' : id === current.issuing ? 'issuer.pem' : `issuers/${kind}-${id}.pem`;
    files.push({ name, pem: certificateToPem(certificate) });
  }
  files.push({ name: 'crl.pem', pem: pemOf(crls.current()) });
  for (const { id, kind } of registry.issuers.signsCrls().filter((issuer) => issuer.id !== current.issuing))
    files.push({ name: `crls/${kind}-${id}.pem`, pem: pemOf(crls.builders().filter(({ issuer }) => issuer.id === id)) });
  for (const { device, serial, der } of registry.certificates.withDer('device')) {
    files.push({ name: `certificates/${device.replace('/', '-')}-${serial}.pem`, pem: certificateToPem(der) });
  }
  return files;
}

/** The newest CRL of each partition, one after the other. */
const pemOf = (crls: readonly CrlBuilder[]): string => crls.map((crl) => (crl.newest() === null ? '' : crl.current().pem)).join('');
