import type { HandlersOf } from '../dispatch/index.ts';
import { certificateToPem } from '../ca/index.ts';
import { makeKey } from '../setup/index.ts';
import type { HandlerContext } from './context.ts';

export function serversHandlers(station: HandlerContext): HandlersOf<'servers'> {
  return {
    'servers.issue': async ({ dns, ips, csr, validityDays }, caller) => {
      const { servers } = station.live();
      const made = csr === null ? makeKey() : null;
      const key = made ?? servers.checkRequest(csr ?? Buffer.alloc(0));
      const signAs = servers.profile.name;
      const { row, hosts, chain } = await servers.issue({
        dns,
        ips,
        validityDays,
        signAs,
        actor: caller.name,
        spki: key.spki,
        spkiSha256: key.spkiSha256,
      });
      const { serial, fingerprint, notAfter } = row;
      return { serial, fingerprint, hosts: [...hosts], notAfter, pem: chain.map(certificateToPem).join(''), keyPem: made?.keyPem ?? null };
    },
  };
}
