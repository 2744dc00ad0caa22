import type { Environment } from '../environment.ts';
import { api, HttpListeners, metrics } from '../http/index.ts';
import { publishedLists } from '../publication/index.ts';
import type { Registry } from '../registry/index.ts';
import type { CertificateParts } from './certificates.ts';
import { clientCas, type PublicationParts } from './publication.ts';
import type { liveStatus } from './status.ts';

export interface HttpNeeds {
  readonly environment: Environment;
  readonly registry: Registry;
  readonly certificates: CertificateParts;
  readonly publication: PublicationParts;
  readonly status: () => ReturnType<typeof liveStatus>;
}

/** What the station serves over HTTP, a plugin for each thing. */
export function assembleHttp({ environment, registry, certificates: { own }, publication: { crls }, status }: HttpNeeds): HttpListeners {
  const { clock } = environment;
  return new HttpListeners({
    registry,
    plugins: {
      crl: publishedLists({ builders: () => crls.all(), now: () => clock.now() }),
      api: api({
        registry,
        dispatch: (name, input, caller) => environment.serve(name, input, caller),
        onEvent: (listener) => environment.onEvent(listener),
      }),
      metrics: metrics({ registry, status }),
    },
    clientCas: () => clientCas(registry),
    certificate: () => {
      const identity = own.ends.httpIdentity();
      return identity === null ? null : { key: identity.keyPem, cert: identity.certificatePem };
    },
    makeCertificate: (actor) => own.renew('http', actor),
  });
}
