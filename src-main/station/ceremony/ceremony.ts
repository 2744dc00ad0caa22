import { z } from 'zod';
import { Failure, unwrap, type CeremonyView, type PinRequest } from '../../contract/index.ts';
import type { CertificateProfile } from '../ca/index.ts';
import type { CrlBuilder, CrlSet } from '../publication/index.ts';
import { hashPassword, type CeremonyRecord } from '../registry/index.ts';
import { makeSoftwareTokenFolder } from '../setup/index.ts';
import { certificateStep, makeKeyStep, requestStep } from './authorities.ts';
import { CeremonyContext, type CeremonyParts } from './context.ts';
import { checkImports } from './import.ts';
import { leafStep } from './own-certificates.ts';
import { planHash } from './plan.ts';
import { recordStep } from './record.ts';
import { ceremonyTerms, findKeysAgain } from './session.ts';
import { details, nextStep, stepsOf, stepViews, waitsFor, type Step } from './steps.ts';
import { refOf, rightToken } from './token.ts';
import { signTranscript, transcriptHash, transcriptText } from './transcript.ts';

export interface CeremonyTools {
  /** Resolves when the PIN of this request was entered; PIN_REQUEST_UNKNOWN when nobody did in time. */
  readonly pin: (request: Pick<PinRequest, 'requestId' | 'expiresAt' | 'pinPad'>, purpose: string) => Promise<void>;
  readonly progress: (step: string, done: number, total: number) => void;
  readonly crls: CrlSet;
  /** Builds the lists that are missing; on a live station the publisher does, which alone builds there. */
  readonly buildCrls: (missing: readonly CrlBuilder[]) => Promise<void>;
}

const Confirmation = z.object({ name: z.string(), hash: z.string().nullable() });

/**
 * A ceremony that goes on where it was left: every step is in the journal before it begins and after it is done. It stops where something
 * has to come from outside, and a kill -9 at any moment costs nothing but the step that was under way.
 */
export class Ceremony {
  readonly context: CeremonyContext;
  readonly #record: () => CeremonyRecord;

  constructor(parts: CeremonyParts, record: CeremonyRecord) {
    this.context = new CeremonyContext(parts, record);
    this.#record = () => parts.registry.ceremonies.get(record.id) ?? record;
  }

  /** By which a start of the same is known again. */
  get inputHash(): string {
    return this.#record().inputHash;
  }

  /** It has made nothing that stays: no key, or only keys in a software token of a station that never was. */
  get mayBeReplaced(): boolean {
    const { plan, journal } = this.context;
    return (plan.newToken && plan.station !== null) || !plan.authorities.some(({ role }) => journal.hasBegun(`key:${role}`));
  }

  view(): CeremonyView {
    const { plan, journal, id } = this.context;
    const { state, startedBy, startedAt, endedAt } = this.#record();
    const imported = plan.authorities.flatMap(({ role }) => journal.done(`import:${role}`, details.certificate)?.warnings ?? []);
    return {
      id,
      name: plan.name,
      reason: plan.reason,
      state,
      waits: state === 'open' ? waitsFor(plan, journal) : null,
      planSha256: planHash(plan),
      token: plan.token.label,
      authorities: plan.authorities.map(({ role, id: issuer, subject, algorithm, signedBy, ckaId }) => ({
        role,
        issuer,
        commonName: subject.commonName,
        algorithm,
        signedBy,
        ckaId,
      })),
      officers: { needed: plan.officers, confirmed: this.#confirmations() },
      steps: stepViews(plan, journal),
      requests: plan.authorities.flatMap(({ role, subject, algorithm }) => {
        const done = journal.done(`request:${role}`, details.request);
        return done === null
          ? []
          : [{ role, commonName: subject.commonName, algorithm, pem: done.pem, answered: journal.isDone(`import:${role}`) }];
      }),
      warnings: [...new Set(imported)],
      startedBy,
      startedAt,
      endedAt,
    };
  }

  #confirmations(): { name: string; at: string; hash: string | null }[] {
    return this.context.journal.begun('officers', Confirmation).map(({ at, detail }) => ({ ...detail, at }));
  }

  /**
   * An officer's confirmation with their own password; on a new station it becomes their password. With the second one the keys may be
   * made. CEREMONY_WAITS, CEREMONY_CONFIRM, SIGN_IN_FAILED, SIGN_IN_LOCKED.
   */
  confirm(name: string, password: string): void {
    const { plan, parts, journal } = this.context;
    if (waitsFor(plan, journal) !== 'officers') throw waits(waitsFor(plan, journal));
    const refused = (problem: string): Failure => new Failure('CEREMONY_CONFIRM', { name, problem });
    const before = this.#confirmations();
    if (before.some((one) => one.name === name)) throw refused('has confirmed already; another officer has to');
    const { operators, store } = parts.registry;
    let hash: string | null = null;
    if (plan.station !== null) {
      if (!plan.station.officers.includes(name)) throw refused(`the ceremony is for ${plan.station.officers.join(' and ')}`);
      hash = hashPassword(password);
    } else {
      const operator = operators.find(name);
      if (operator !== null && (operator.role !== 'officer' || !operator.passwordSet))
        throw refused(operator.role === 'officer' ? 'has no password, which proves nothing' : 'is not an officer');
      if (operators.check(name, password) === null) throw new Failure('SIGN_IN_FAILED');
    }
    store.transaction(() => {
      this.context.write('officers', 'begin', { name, hash }, name);
      const confirmed = this.#confirmations();
      if (confirmed.length >= plan.officers) this.context.write('officers', 'done', { confirmed }, name);
    });
  }

  /** Goes on until it is done or waits for something from outside. Failures of the signer and of the checks come through as they are. */
  async run(actor: string, tools: CeremonyTools): Promise<void> {
    const { plan, parts } = this.context;
    const all = stepsOf(plan);
    let open = false;
    if (plan.newToken) makeSoftwareTokenFolder(parts.dataDir);
    // A live station has its module in use already.
    if (plan.station !== null && waitsFor(plan, this.context.journal) === 'pin')
      await parts.signer('module.use', { module: plan.module, watch: null });
    try {
      for (let step = nextStep(plan, this.context.journal); step !== null; step = nextStep(plan, this.context.journal)) {
        if (step.kind === 'officers' || step.kind === 'import') return;
        tools.progress(
          step.title,
          all.findIndex(({ id }) => id === step?.id),
          all.length,
        );
        if (step.kind === 'token') await this.#token(actor, tools);
        else {
          open ||= await this.#open(actor, tools);
          await this.#step(step, actor, tools);
        }
      }
      tools.progress('Ready', all.length, all.length);
    } finally {
      if (open) await parts.signer('session.close', { why: 'the ceremony is over or waits' });
    }
  }

  async #token(actor: string, tools: CeremonyTools): Promise<void> {
    const { plan, parts } = this.context;
    if (plan.newToken && !(await parts.signer('token.list', {})).some((token) => token.initialised))
      await tools.pin(
        await parts.signer('token.requestInit', { label: plan.token.label }),
        `New PIN of the software token “${plan.token.label}”`,
      );
    const { label, serial, model, manufacturer, firmware } = await rightToken(this.context);
    this.context.write('token', 'done', { label, serial, model, manufacturer, firmware }, actor);
  }

  /** The ceremony's session, opened by an officer's PIN; the token is proven to be the same as before. */
  async #open(actor: string, tools: CeremonyTools): Promise<true> {
    const { parts } = this.context;
    const token = refOf(await rightToken(this.context));
    await tools.pin(
      await parts.signer('session.request', ceremonyTerms(this.context, token, actor)),
      `PIN of the token “${token.label}”, for the ceremony`,
    );
    try {
      await findKeysAgain(this.context);
    } catch (thrown) {
      await parts.signer('session.close', { why: 'the ceremony’s keys are not there' });
      throw thrown;
    }
    return true;
  }

  async #step(step: Exclude<Step, { kind: 'import' }>, actor: string, tools: CeremonyTools): Promise<void> {
    const { context } = this;
    switch (step.kind) {
      case 'key':
        return context.write(step.id, 'done', await makeKeyStep(context, step.role, actor), actor);
      case 'certificate':
        return context.write(step.id, 'done', await certificateStep(context, step.role, actor), actor);
      case 'request':
        return context.write(step.id, 'done', await requestStep(context, step.role, actor), actor);
      case 'leaf':
        return context.write(step.id, 'done', await leafStep(context, step.leaf, actor), actor);
      case 'record':
        return recordStep(context, actor);
      case 'crl':
        return context.write(step.id, 'done', { crls: await this.#firstCrls(tools) }, actor);
      case 'transcript':
        return this.#transcript(actor);
      default:
        throw new Error(`the step ${step.kind} is not made here`);
    }
  }

  async #firstCrls(tools: CeremonyTools): Promise<{ issuer: string; number: number; sha256: string }[]> {
    const made = new Set(this.context.plan.authorities.map(({ id }) => id));
    const builders = tools.crls.builders().filter(({ issuer }) => made.has(issuer.id));
    const missing = builders.filter((builder) => builder.newest() === null);
    if (missing.length > 0) await tools.buildCrls(missing);
    return builders.map((builder) => {
      const { issuer, number, sha256 } = unwrap(builder.newest(), 'a list that was missing was built');
      return { issuer, number, sha256 };
    });
  }

  /** Written down before it is signed: after an interruption the same text is signed again. */
  async #transcript(actor: string): Promise<void> {
    const { context } = this;
    const { ceremonies, store } = context.parts.registry;
    const { startedBy, startedAt } = this.#record();
    const before = context.journal.begun('transcript', details.transcript).at(-1)?.detail.text;
    const text = before ?? transcriptText(context, startedBy, startedAt);
    if (before === undefined) context.write('transcript', 'begin', { text }, actor);
    const signatures = await signTranscript(context, text);
    store.transaction(() => {
      context.write('transcript', 'done', {}, actor);
      ceremonies.finish(context.id, text, signatures, transcriptHash(text), actor);
      if (context.plan.station !== null) context.parts.registry.settings.set('ready', 'yes');
    });
  }

  /**
   * Certificates from the customer's CA: of every CA here that waits for one and is among them. CEREMONY_WAITS, INVALID_INPUT, or
   * ISSUER_REFUSED with the check that failed; then nothing is taken.
   */
  import(files: readonly Uint8Array[], own: readonly CertificateProfile[], actor: string): void {
    const { plan, journal } = this.context;
    if (waitsFor(plan, journal) !== 'certificates') throw waits(waitsFor(plan, journal));
    const checked = checkImports(this.context, files, own);
    this.context.parts.registry.store.transaction(() => {
      for (const { role, ...found } of checked) this.context.write(`import:${role}`, 'done', found, actor);
    });
  }

  /** Before its issuers are in force. CEREMONY_TOO_LATE. */
  abandon(actor: string): void {
    const { id, journal, plan, parts } = this.context;
    if (journal.isDone('record')) throw new Failure('CEREMONY_TOO_LATE');
    const keys = plan.authorities.filter(({ role }) => journal.hasBegun(`key:${role}`)).map(({ ckaId }) => ckaId);
    parts.registry.ceremonies.abandon(id, keys, actor);
  }
}

const inWords = {
  officers: 'the confirmation of two officers',
  certificates: 'certificates from the customer’s CA',
  pin: 'the PIN',
} as const;
export const waitsInWords = (what: CeremonyView['waits']): string => (what === null ? 'nothing' : inWords[what]);
export const waits = (what: CeremonyView['waits']): Failure => new Failure('CEREMONY_WAITS', { waits: waitsInWords(what) });
