import {
  limits,
  type BulkSelector,
  type CallOutput,
  type CallParsed,
  type CertificateRow,
  type RevocationRequestView,
  type RevocationView,
  type Selector,
} from '../../contract/index.ts';
import type { Registry } from '../registry/index.ts';
import { revokeMany, selectMany, type BulkTerms } from './bulk.ts';
import type { SigningIdentity } from './request-file.ts';
import {
  answerRequest,
  createRequest,
  exportRequest,
  importRequest,
  requestParts,
  view,
  type Asked,
  type RequestParts,
  type WrittenRequest,
} from './requests.ts';
import type { RevocationCause } from './revoke.ts';
import { revokeSelected } from './selection.ts';

export interface RevocationParts {
  readonly registry: Registry;
  /** The station's own key and certificate, for requests to other stations and answers to theirs. */
  readonly identity: () => SigningIdentity;
  readonly publishSoon: () => void;
  /** How far a revocation has come. */
  readonly onChange: (view: RevocationView) => void;
  /** This device has no certificate in force any more. */
  readonly onDeviceRevoked: (device: string) => void;
}

/** Events for one transaction: a screen that follows more of them reads the list. */
const maxTold = 50;

/** The one owner of “revoke”: selection, preview, transaction, event, publication, and the requests of other stations. */
export class Revocation {
  readonly #parts: RevocationParts;

  constructor(parts: RevocationParts) {
    this.#parts = parts;
  }

  /** From now on every revocation, whatever causes it, is told and published once it is recorded. */
  start(): void {
    this.#parts.registry.revocations.listen((serials) => this.#recorded(serials));
  }

  preview(selector: Selector): CertificateRow[] {
    return this.#parts.registry.certificates.select(selector);
  }

  /** NOT_FOUND, DEVICE_WITHOUT_CERTIFICATE, REVOCATION_TOO_LATE. */
  revoke(selector: Selector, cause: RevocationCause): RevocationView[] {
    return revokeSelected(this.#parts.registry, selector, cause);
  }

  /** NOTHING_SELECTED, LIST_INVALID. */
  previewMany(selector: BulkSelector): CallOutput<'revocations.previewMany'> {
    const { hits, byStatus, digest } = selectMany(this.#parts.registry, selector);
    return { count: hits.length, byStatus: { ...byStatus }, digest, rows: hits.slice(0, limits.pageRows).map(({ row }) => row) };
  }

  /** SELECTION_CHANGED besides. Returns how many. */
  async revokeMany(selector: BulkSelector, terms: BulkTerms): Promise<number> {
    return (await revokeMany(this.#parts.registry, selector, terms)).length;
  }

  list(page: CallParsed<'revocations.list'>): CallOutput<'revocations.list'> {
    return this.#parts.registry.revocations.list(page);
  }

  createRequest(asked: Asked, actor: string): WrittenRequest {
    return createRequest(this.#as(actor), asked);
  }

  requests(page: CallParsed<'requests.list'>): CallOutput<'requests.list'> {
    const { rows, ...rest } = this.#parts.registry.requests.list(page);
    return { ...rest, rows: rows.map(view) };
  }

  importRequest(text: string, actor: string): RevocationRequestView {
    return importRequest(this.#as(actor), text);
  }

  exportRequest(id: string, actor: string): WrittenRequest {
    return exportRequest(this.#as(actor), id);
  }

  answerRequest(answer: CallParsed<'requests.answer'>, actor: string): WrittenRequest {
    return answerRequest(this.#as(actor), answer);
  }

  #as(actor: string): RequestParts {
    return requestParts(this.#parts.registry, this.#parts.identity(), actor);
  }

  #recorded(serials: readonly string[]): void {
    const { registry, publishSoon, onChange, onDeviceRevoked } = this.#parts;
    // The canary is made to be revoked: its ceremony publishes when all of it is in place.
    const views = serials.flatMap((serial) => registry.revocations.get(serial) ?? []).filter(({ use }) => use !== 'canary-revoked');
    if (views.length === 0) return;
    for (const view of views.slice(0, maxTold)) onChange(view);
    for (const device of new Set(views.map((view) => view.device)))
      if (!registry.certificates.select({ device }).some(({ status }) => status === 'ACTIVE')) onDeviceRevoked(device);
    publishSoon();
  }
}
