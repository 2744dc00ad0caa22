import { randomUUID, X509Certificate } from 'node:crypto';
import { Failure, type RevocationReason, type RevocationRequestView } from '../../contract/index.ts';
import { certificateFromFile, certificateToPem, readCertificate } from '../ca/index.ts';
import type { Registry, RequestRecord } from '../registry/index.ts';
import {
  leadsTo,
  readRequestFile,
  writeRequestFile,
  type AnswerBody,
  type RequestBody,
  type RequestFile,
  type SigningIdentity,
} from './request-file.ts';
import { revokeCertificate } from './revoke.ts';

export interface RequestParts {
  readonly registry: Registry;
  /** This station's own key and certificate: what it writes is signed with it. */
  readonly identity: () => SigningIdentity;
  readonly station: string;
  readonly actor: string;
}

/** As this station, by its own key and certificate `identity`. */
export const requestParts = (registry: Registry, identity: SigningIdentity, actor: string): RequestParts => ({
  registry,
  identity: () => identity,
  station: registry.settings.get('name') ?? '',
  actor,
});

export interface Asked {
  readonly certificate: Uint8Array | null;
  readonly fingerprint: string | null;
  readonly reason: RevocationReason;
  readonly note: string;
}

export interface WrittenRequest {
  readonly request: RevocationRequestView;
  readonly name: string;
  readonly text: string;
}

/** Records a request and writes its file. INVALID_INPUT for what is no certificate or one of our own; REVOCATION_TOO_LATE. Nothing is revoked here. */
export function createRequest(parts: RequestParts, { certificate: file, fingerprint, reason, note }: Asked): WrittenRequest {
  const { registry, station, actor } = parts;
  const certificate = file === null ? null : certificateFromFile(file);
  const facts = certificate === null ? null : readCertificate(certificate);
  const print = facts?.fingerprint ?? fingerprint ?? '';
  if (registry.certificates.select({ fingerprint: print }).length > 0)
    throw new Failure('INVALID_INPUT', { field: 'certificate', problem: 'this station issued it: revoke it here' });
  if (facts !== null && facts.notAfter <= registry.now())
    throw new Failure('REVOCATION_TOO_LATE', { serial: facts.serial, notAfter: facts.notAfter });
  const id = randomUUID();
  const asked = { reason, note, station, operator: actor, requestedAt: registry.now() };
  registry.requests.add(
    {
      id,
      direction: 'sent',
      fingerprint: print,
      serial: facts?.serial ?? null,
      subject: facts?.commonName ?? null,
      certificate,
      proven: true,
      ...asked,
    },
    actor,
  );
  return exportRequest(parts, id);
}

const of = (registry: Registry, id: string): RequestRecord => {
  const record = registry.requests.get(id);
  if (record === null) throw new Failure('NOT_FOUND', { kind: 'request', id });
  return record;
};

/** The file of a request that was sent, or of the answer that was given to one. NOT_FOUND; REQUEST_INVALID while there is no answer. */
export function exportRequest({ registry, identity, station }: RequestParts, id: string): WrittenRequest {
  const record = of(registry, id);
  if (record.direction === 'sent') {
    const { fingerprint, certificate, reason, note, operator, requestedAt } = record;
    const pem = certificate === null ? null : certificateToPem(certificate);
    const body: RequestBody = { id, station, operator, requestedAt, fingerprint, certificate: pem, reason, note };
    return {
      request: view(record),
      name: `revocation-request-${id}.json`,
      text: writeRequestFile('birthmark-revocation-request', body, identity()),
    };
  }
  if (record.answeredAt === null) throw new Failure('REQUEST_INVALID', { problem: 'it has no answer yet' });
  const body: AnswerBody = {
    id,
    station,
    operator: record.answeredBy ?? '',
    answeredAt: record.answeredAt,
    accepted: record.state === 'ACCEPTED',
    note: record.answer ?? '',
    fingerprint: record.fingerprint,
    serial: record.serial ?? '',
    certificate: certificateToPem(record.certificate ?? Buffer.alloc(0)),
  };
  return {
    request: view(record),
    name: `revocation-answer-${id}.json`,
    text: writeRequestFile('birthmark-revocation-answer', body, identity()),
  };
}

/** Takes in what another station wrote; the same file twice is once. REQUEST_INVALID, NOT_FOUND. */
export function importRequest(parts: RequestParts, content: string): RevocationRequestView {
  const { file, chain } = readRequestFile(content);
  if (file.type === 'birthmark-revocation-request') return receive(parts, file.body, chain);
  return takeAnswer(parts, file, chain);
}

/** Certificates that we trust to say who another station is: our roots, and those above our issuers. */
function anchors(registry: Registry): X509Certificate[] {
  return registry.issuers
    .all()
    .flatMap(({ kind, certificate, chain }) => (kind === 'root' ? [certificate] : chain.slice(-1)))
    .map((der) => new X509Certificate(der));
}

const isOurs = (registry: Registry, chain: readonly X509Certificate[]): boolean =>
  registry.issuers.all().some(({ kind, certificate }) => kind !== 'root' && chain.some(({ raw }) => raw.equals(certificate)));

function receive({ registry, actor }: RequestParts, body: RequestBody, chain: readonly X509Certificate[]): RevocationRequestView {
  const { id, fingerprint, reason, note, station, operator, requestedAt } = body;
  const known = registry.requests.get(id);
  if (known !== null) {
    const same = known.fingerprint === fingerprint && known.reason === reason && known.note === note;
    if (!same) throw new Failure('REQUEST_INVALID', { problem: 'there is another request with its number' });
    return view(known);
  }
  const [row] = registry.certificates.select({ fingerprint });
  if (row === undefined) throw new Failure('NOT_FOUND', { kind: 'certificate', id: fingerprint });
  const certificate = registry.certificates.get(row.serial)?.der ?? null;
  const proven = leadsTo(chain, anchors(registry));
  registry.requests.add(
    {
      id,
      direction: 'received',
      fingerprint,
      serial: row.serial,
      subject: row.device,
      certificate,
      reason,
      note,
      station,
      operator,
      requestedAt,
      proven,
    },
    actor,
  );
  return view(of(registry, id));
}

/** Only the owner of the issuer can answer: it signs under that issuer or, when it has a newer one, under a root that we share; never a key of ours. */
function takeAnswer(
  { registry, actor }: RequestParts,
  { body }: Extract<RequestFile, { type: 'birthmark-revocation-answer' }>,
  chain: readonly X509Certificate[],
): RevocationRequestView {
  const record = registry.requests.get(body.id);
  const refused = (problem: string): Failure => new Failure('REQUEST_INVALID', { problem });
  if (record?.direction !== 'sent') throw new Failure('NOT_FOUND', { kind: 'request', id: body.id });
  if (body.fingerprint !== record.fingerprint) throw refused('it is about another certificate than the request');
  const issued = new X509Certificate(body.certificate);
  const issuer = chain.find((one) => one.ca && issued.checkIssued(one) && issued.verify(one.publicKey));
  const owner = issuer !== undefined && leadsTo(chain.slice(0, chain.indexOf(issuer) + 1), [issuer]);
  if (!owner && (isOurs(registry, chain) || !leadsTo(chain, anchors(registry))))
    throw refused('it is not signed by the station that issued the certificate');
  if (record.state !== 'REQUESTED') {
    if ((record.state === 'ACCEPTED') === body.accepted) return view(record);
    throw refused('another answer has come before');
  }
  const { accepted, operator, station, note, answeredAt } = body;
  registry.requests.answer(body.id, { accepted, by: `${operator}, ${station}`, note, at: answeredAt }, actor);
  return view(of(registry, body.id));
}

/** The owner's word. Accepting revokes, in one transaction with the answer. REQUEST_INVALID, REVOCATION_TOO_LATE; then nothing is answered. */
export function answerRequest(parts: RequestParts, { id, accept, note }: { id: string; accept: boolean; note: string }): WrittenRequest {
  const { registry, actor } = parts;
  const record = of(registry, id);
  if (record.direction !== 'received')
    throw new Failure('REQUEST_INVALID', { problem: 'it is one of our own: the other station answers it' });
  if (record.state !== 'REQUESTED') throw new Failure('REQUEST_INVALID', { problem: `it was answered already: ${record.state}` });
  registry.store.transaction(() => {
    if (accept) revokeFor(registry, record, actor);
    registry.requests.answer(id, { accepted: accept, by: actor, note, at: registry.now() }, actor);
  });
  return exportRequest(parts, id);
}

function revokeFor(registry: Registry, { serial, reason, note, station }: RequestRecord, actor: string): void {
  const row = registry.certificates.get(serial ?? '');
  if (row === null) throw new Failure('NOT_FOUND', { kind: 'certificate', id: serial ?? 'of this request' });
  if (row.status === 'EXPIRED') throw new Failure('REVOCATION_TOO_LATE', { serial: row.serial, notAfter: row.notAfter });
  revokeCertificate(registry, row.serial, { reason, note: `asked for by ${station}${note === '' ? '' : `: ${note}`}`, actor });
}

export const view = ({ certificate: _, ...rest }: RequestRecord): RevocationRequestView => rest;
