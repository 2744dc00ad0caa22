import { unwrap } from '../../contract/index.ts';
import type { HandlersOf } from '../dispatch/index.ts';
import { checkRootCrl } from '../ca/index.ts';
import { issuerViews } from '../assembly/status.ts';
import { customerCas, rootCrlViews, serialsBelow } from '../publication/index.ts';
import type { HandlerContext } from './context.ts';

export function issuersHandlers(station: HandlerContext): HandlersOf<'issuers'> {
  const registry = () => station.live().registry;

  return {
    'issuers.list': () => ({ issuers: issuerViews(registry()), rootCrls: rootCrlViews(registry()) }),
    'issuers.importCrl': ({ file }, caller) => {
      const { rootCrls, issuers } = registry();
      const all = issuers.all();
      const { named, ...crl } = checkRootCrl({
        file: Buffer.from(file, 'base64'),
        cas: customerCas(registry()),
        held: (fingerprint) => rootCrls.get(fingerprint),
        serials: all.flatMap(serialsBelow).map(({ serial }) => serial),
        now: station.clock.now(),
      });
      const revoked = all.filter((issuer) => serialsBelow(issuer).some(({ serial }) => named.includes(serial))).map(({ id }) => id);
      rootCrls.keep({ ...crl, revoked }, caller.name);
      station.statusSoon();
      return unwrap(
        rootCrlViews(registry()).find(({ fingerprint }) => fingerprint === crl.fingerprint),
        'the list was just kept',
      );
    },
  };
}
