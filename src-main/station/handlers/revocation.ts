import { Failure, limits, type CallInput, type RevocationView } from '../../contract/index.ts';
import type { HandlersOf } from '../dispatch/index.ts';
import type { Registry } from '../registry/index.ts';
import { revokeMany, selectMany } from '../revocation/index.ts';
import type { LiveStation } from '../live-station.ts';
import type { Station } from '../station.ts';

export function revocationHandlers(station: Station): HandlersOf<'revocations' | 'publication'> {
  const live = (): LiveStation => station.live();

  return {
    'revocations.preview': (selector) => live().registry.certificates.select(selector),
    'revocations.revoke': ({ selector, reason, note }, caller) => {
      const { registry, publisher, line } = live();
      const hit = registry.certificates.select(selector);
      if (hit.length === 0) throw nothingToRevoke(registry, selector);
      const [newest] = hit;
      if (newest !== undefined && hit.every(({ status }) => status === 'EXPIRED'))
        throw new Failure('REVOCATION_TOO_LATE', { serial: newest.serial, notAfter: newest.notAfter });
      const revoked = registry.store.transaction(() =>
        hit.filter((row) => registry.certificates.revoke(row.serial, reason, note, caller.name)),
      );
      const views = (revoked.length > 0 ? revoked : hit)
        .map((row) => registry.revocations.get(row.serial))
        .filter((view): view is RevocationView => view !== null);
      for (const view of views) {
        station.emit('revocation.changed', view);
        if (!registry.certificates.select({ device: view.device }).some(({ status }) => status === 'ACTIVE')) line.revoked(view.device);
      }
      if (revoked.length > 0) publisher.publishSoon();
      station.statusSoon();
      return views;
    },
    'revocations.previewMany': (selector) => {
      const { hits, byStatus, digest } = selectMany(live().registry, selector);
      return { count: hits.length, byStatus, digest, rows: hits.slice(0, limits.pageRows).map(({ row }) => row) };
    },
    'revocations.revokeMany': async ({ selector, ...terms }, caller) => {
      const { registry, publisher, line } = live();
      const revoked = await revokeMany(registry, selector, { ...terms, actor: caller.name });
      const still = new Set(registry.certificates.admitted());
      for (const { device } of line.views()) if (device !== null && !still.has(device)) line.revoked(device);
      if (revoked.length > 0) publisher.publishSoon();
      station.statusSoon();
      return { revoked: revoked.length };
    },
    'revocations.list': (page) => live().registry.revocations.list(page),
    'publication.settle': async () => {
      await live().publisher.idle();
      return {};
    },
  };
}

function nothingToRevoke({ devices }: Registry, selector: CallInput<'revocations.preview'>): Failure {
  const { device } = selector;
  if (device === undefined) return new Failure('NOT_FOUND', { kind: 'certificate', id: Object.values(selector).join('') });
  return devices.get(device) === null
    ? new Failure('NOT_FOUND', { kind: 'device', id: device })
    : new Failure('DEVICE_WITHOUT_CERTIFICATE', { device });
}
