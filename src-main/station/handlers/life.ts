import type { HandlersOf } from '../dispatch/index.ts';
import { certificateToPem } from '../ca/index.ts';
import { endGraceNow, rotate } from '../lifecycle/index.ts';
import type { HandlerContext } from './context.ts';

export function lifeHandlers(station: HandlerContext): HandlersOf<'rotation' | 'clock'> {
  return {
    'rotation.begin': async (request, caller) => {
      const { registry, issuance } = station.live();
      const { chain, ...rotated } = await rotate({ registry, issuance, clock: station.clock }, { ...request, actor: caller.name });
      station.statusSoon();
      return { ...rotated, pem: chain.map(certificateToPem).join('') };
    },
    'rotation.list': (page) => station.live().registry.certificates.rotations(page),
    'clock.show': () => station.live().clockGuard.view(),
    'clock.confirm': (_input, caller) => {
      const { clockGuard, publisher, line } = station.live();
      clockGuard.confirm(caller.name);
      publisher.publishSoon();
      line.poke();
      station.statusSoon();
      return clockGuard.view();
    },
    'rotation.end': ({ serial }, caller) => {
      endGraceNow(station.live().registry, serial, caller.name);
      return {};
    },
  };
}
