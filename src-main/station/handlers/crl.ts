import { open } from 'node:fs/promises';
import { Failure, limits, unwrap, type CrlView } from '../../contract/index.ts';
import type { HandlersOf } from '../dispatch/index.ts';
import type { HttpListeners } from '../http/index.ts';
import type { LiveStation } from '../live-station.ts';
import { adoptCrl, changeCrlSettings, crlSettings } from '../publication/index.ts';
import type { HandlerContext } from './context.ts';

/** The listener that `crl.serve` sets. */
const lists = 'lists';

function servingLists(http: HttpListeners): { readonly host: string; readonly port: number } | null {
  const view = http.views().find(({ name }) => name === lists);
  return view?.up === true ? { host: view.host, port: view.port } : null;
}

export function crlHandlers(station: HandlerContext): HandlersOf<'crl'> {
  const live = (): LiveStation => station.live();

  return {
    'crl.publish': async ({ above }) => {
      await live().publisher.publish({ newCrl: true, above });
      return unwrap(live().crls.newest(), 'a CRL was just published');
    },
    'crl.receive': ({ offset, bytes }) => ({ size: live().incomingCrl.take(offset, bytes) }),
    'crl.adopt': ({ note, dryRun }, caller) => {
      const { crls, incomingCrl, registry } = live();
      const order = { bytes: incomingCrl.read(), note, actor: caller.name, dryRun };
      const adoption = adoptCrl({ registry, builders: crls.all(), now: station.clock.now() }, order);
      if (dryRun) return adoption;
      incomingCrl.clear();
      return adoption;
    },
    'crl.history': ({ issuer, ...page }) =>
      live().registry.crls.history({ ...page, issuer: live().crls.find(issuer, page.partition ?? 0).issuer.id }),
    'crl.diff': ({ issuer, partition, from, to, limit }) => {
      const { crls, registry } = live();
      const { scope } = crls.find(issuer, partition);
      const known = (number: number): CrlView => {
        const crl = registry.crls.get(scope, number);
        if (crl === null) throw new Failure('NOT_FOUND', { kind: 'CRL', id: String(number) });
        return crl;
      };
      return { from: from === 0 ? null : known(from), to: known(to), ...registry.crls.changes(scope, from, to, limit) };
    },
    'crl.read': async ({ issuer, partition, number, offset }) => {
      const builder = live().crls.find(issuer, partition);
      const crl = live().registry.crls.get(builder.scope, number);
      if (crl === null) throw new Failure('NOT_FOUND', { kind: 'CRL', id: String(number) });
      await using file = await open(await builder.pathOf(number), 'r');
      const bytes = Buffer.alloc(Math.max(0, Math.min(limits.crlChunkBytes, crl.bytes - offset)));
      const { bytesRead } = await file.read(bytes, 0, bytes.length, offset);
      return { crl, bytes: bytes.subarray(0, bytesRead) };
    },
    'crl.signers': () =>
      live()
        .registry.issuers.all()
        .map(({ id, certificate }) => ({ issuer: id, certificate })),
    'crl.serving': () => ({ listen: servingLists(live().http) }),
    'crl.serve': async ({ listen }, caller) => {
      const { http } = live();
      if (listen !== null) await http.set({ ...listen, name: lists, tls: false, names: [], serves: ['crl'] }, caller.name);
      else if (http.views().some(({ name }) => name === lists)) await http.close(lists, caller.name);
      return { listen: servingLists(http) };
    },
    'crl.settings': () => crlSettings(live().registry),
    'crl.change': (settings, caller) => {
      changeCrlSettings(live().registry, settings, caller.name);
      return crlSettings(live().registry);
    },
  };
}
