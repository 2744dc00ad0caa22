import { Failure, unwrap, type CallOutput } from '../../contract/index.ts';
import type { HandlersOf } from '../access/index.ts';
import { certificateToPem } from '../ca/index.ts';
import { runDoctor } from '../doctor/index.ts';
import type { LiveStation } from '../live-station.ts';
import type { Station } from '../station.ts';

export function registryHandlers(station: Station): HandlersOf<'devices' | 'certificates' | 'export' | 'doctor'> {
  const live = (): LiveStation => station.live();

  return {
    'devices.list': (page) => live().registry.devices.list(page),
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
  for (const [kind, name] of [
    ['root', 'root.pem'],
    ['issuing', 'issuer.pem'],
  ] as const) {
    files.push({
      name,
      pem: certificateToPem(unwrap(registry.issuers.ofKind(kind), `a finished station has a CA of kind ${kind}`).certificate),
    });
  }
  files.push({ name: 'crl.pem', pem: crls.current().pem });
  for (const { device, serial, der } of registry.certificates.withDer('device')) {
    files.push({ name: `certificates/${device.replace('/', '-')}-${serial}.pem`, pem: certificateToPem(der) });
  }
  return files;
}
