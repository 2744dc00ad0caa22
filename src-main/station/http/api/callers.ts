import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { Failure, type Caller } from '../../../contract/index.ts';
import type { Registry } from '../../registry/index.ts';
import { RateLimit } from '../rate-limit.ts';
import type { FastifyRequest } from '../server.ts';

/** Wrong keys from one address in a minute; a right one is never held back by them. */
const wrongPerMinute = 20;

/** Who calls over HTTP: an access key, or the certificate of a service that an access key names. */
export class HttpCallers {
  readonly #registry: Registry;
  readonly #wrong = new RateLimit(wrongPerMinute, 60_000);

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** CALLER_UNKNOWN, CLIENT_CERTIFICATE, TOO_MANY_REQUESTS. Asked again for each event of a stream: a key may have ended. */
  of(request: FastifyRequest): Caller {
    const found = this.#find(request);
    const connection = `http ${request.id}`;
    if (found !== null) return { name: found.name, role: found.role, face: 'http', connection, credential: null };
    if (this.#wrong.isOver(request.ip)) throw new Failure('TOO_MANY_REQUESTS', { what: 'requests without a good access key' });
    this.#wrong.count(request.ip);
    throw new Failure('CALLER_UNKNOWN');
  }

  #find({ headers, raw }: FastifyRequest): { readonly name: string; readonly role: Caller['role'] } | null {
    const key = /^Bearer ([\w-]{1,200})$/iu.exec(headers.authorization ?? '')?.[1];
    if (headers.authorization !== undefined) return key === undefined ? null : this.#registry.accessKeys.find(key);
    const certificate = (raw.socket as TLSSocket).getPeerX509Certificate?.();
    return certificate === undefined ? null : this.#ofCertificate(certificate, raw.socket as TLSSocket);
  }

  #ofCertificate(
    certificate: X509Certificate,
    { authorized, authorizationError }: TLSSocket,
  ): { readonly name: string; readonly role: Caller['role'] } {
    const refused = (as: string, problem: string): Failure => new Failure('CLIENT_CERTIFICATE', { as, problem });
    const known = this.#registry.certificates.get(certificate.serialNumber);
    const isOurs = known !== null && known.fingerprint === certificate.fingerprint256.replaceAll(':', '').toLowerCase();
    if (isOurs && known.status === 'REVOKED') throw refused('CERTIFICATE_REVOKED', 'it was revoked');
    if (isOurs && known.status === 'EXPIRED') throw refused('CERTIFICATE_EXPIRED', 'it has expired');
    if (!authorized) throw refused('INVALID_CERTIFICATE_CHAIN', String(authorizationError));
    if (!isOurs) throw refused('CERTIFICATE_NOT_FOUND', 'this station does not know it');
    const key = known.use === 'service' ? this.#registry.accessKeys.ofService(serviceOf(known.device)) : null;
    if (key === null) throw refused('CERTIFICATE_NOT_FOUND', `no access key in force names the service ${serviceOf(known.device)}`);
    return key;
  }
}

/** The common name of a service’s certificate has this in front. */
const serviceOf = (commonName: string): string => commonName.replace(/^birthmark:/u, '');
