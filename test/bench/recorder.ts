import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src-main/station/clock.ts';
import { openRegistry } from '../../src-main/station/registry/index.ts';
import type { Recorder } from './issue.ts';

/** The station's own registry in a folder of its own: reservation and record with audit line and outbox row, synced to disk. */
export function openRecorder(): Recorder {
  const dir = mkdtempSync(join(tmpdir(), 'birthmark-bench-'));
  const registry = openRegistry(dir, systemClock);
  const notAfter = new Date(Date.now() + 86_400_000).toISOString();
  registry.issuers.add(
    {
      id: 'issuer',
      kind: 'issuing',
      subject: 'bench',
      algorithm: 'ec-p256',
      ckaId: '01',
      spkiSha256: '0',
      keyId: '0',
      certificate: Buffer.alloc(1),
      fingerprint: '0',
      notBefore: registry.now(),
      notAfter,
      proof: [],
    },
    'bench',
  );
  return {
    reserve: (serial) =>
      registry.store.grouped(() =>
        registry.certificates.reserve(
          {
            serial,
            issuer: 'issuer',
            partition: 0,
            use: 'device',
            device: `acme/${serial.slice(0, 12)}`,
            run: null,
            order: null,
            spkiSha256: randomBytes(32).toString('hex'),
            notBefore: registry.now(),
            notAfter,
          },
          'bench',
        ),
      ),
    record: ({ serial, der, fingerprint }) => registry.store.grouped(() => registry.certificates.signed(serial, der, fingerprint, 'bench')),
    close: () => {
      registry.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
