import { z } from 'zod';
import { KeyProof, SerialHex, type CeremonyStepView, type CeremonyWaits, type IssuerKind } from '../../contract/index.ts';
import type { JournalLine } from '../registry/index.ts';
import type { Plan } from './plan.ts';

/** Bytes in a journal are base64. */
const base64 = z.base64().transform((text) => Buffer.from(text, 'base64'));
export const JournaledProof = KeyProof.extend({ spki: base64 });

/** What the journal keeps of each kind of step, before it (`begin`) and after it (`done`). */
export const details = {
  token: z.object({ label: z.string(), serial: z.string(), model: z.string(), manufacturer: z.string(), firmware: z.string() }),
  officers: z.object({ confirmed: z.array(z.object({ name: z.string(), at: z.string(), hash: z.string().nullable() })) }),
  key: z.object({ proof: JournaledProof, found: z.boolean() }),
  draft: z.object({ tbs: base64, serial: SerialHex }),
  certificate: z.object({ certificate: base64, chain: z.array(base64).default([]), warnings: z.array(z.string()).default([]) }),
  request: z.object({ pem: z.string() }),
  leafDraft: z.object({ serial: SerialHex, commonName: z.string(), notBefore: z.string(), notAfter: z.string(), spkiSha256: z.string() }),
  crl: z.object({ crls: z.array(z.object({ issuer: z.string(), number: z.int(), sha256: z.string() })) }),
  transcript: z.object({ text: z.string() }),
} as const;

export const leaves = {
  broker: { by: 'server', title: 'Make the certificate of the broker' },
  'good-canary': { by: 'issuing', title: 'Make the good canary' },
  'revoked-canary': { by: 'issuing', title: 'Make the revoked canary' },
  observer: { by: 'issuing', title: 'Make the certificate of the observer' },
} as const satisfies Record<string, { by: IssuerKind; title: string }>;
export type LeafName = keyof typeof leaves;

export type Step =
  | { readonly kind: 'token' | 'officers' | 'record' | 'crl' | 'transcript'; readonly id: string; readonly title: string }
  | { readonly kind: 'key' | 'certificate' | 'request' | 'import'; readonly role: IssuerKind; readonly id: string; readonly title: string }
  | { readonly kind: 'leaf'; readonly leaf: LeafName; readonly id: string; readonly title: string };

const words: Readonly<Record<IssuerKind, string>> = { root: 'root', issuing: 'device CA', server: 'server CA' };

/** All steps of a plan, in order. */
export function stepsOf(plan: Plan): Step[] {
  const plain = (
    kind: Extract<Step, { id: string }>['kind'] & ('token' | 'officers' | 'record' | 'crl' | 'transcript'),
    title: string,
  ): Step => ({
    kind,
    id: kind,
    title,
  });
  const of = (kind: 'key' | 'certificate' | 'request' | 'import', role: IssuerKind, title: string): Step => ({
    kind,
    role,
    id: `${kind}:${role}`,
    title,
  });
  const made = plan.authorities.flatMap(({ role, signedBy, algorithm }) => [
    of('key', role, `Make the key of the ${words[role]} (${algorithm})`),
    signedBy === 'customer'
      ? of('request', role, `Sign the request of the ${words[role]} to the customer’s CA`)
      : of('certificate', role, `Sign the certificate of the ${words[role]}`),
  ]);
  const roles = plan.authorities.map(({ role }) => role);
  const imports = plan.authorities
    .filter(({ signedBy }) => signedBy === 'customer')
    .map(({ role }) => of('import', role, `Import the certificate of the ${words[role]} from the customer’s CA`));
  const leafNames = (Object.keys(leaves) as LeafName[]).filter((name) => roles.includes(leaves[name].by));
  return [
    plain('token', plan.newToken ? 'Make the token' : 'Prove that it is the right token'),
    ...(plan.officers === 2 ? [plain('officers', 'Two officers confirm what is to be made')] : []),
    ...made,
    ...imports,
    ...leafNames.map((leaf): Step => ({ kind: 'leaf', leaf, id: `leaf:${leaf}`, title: leaves[leaf].title })),
    plain('record', 'Put the issuers in force'),
    plain('crl', 'Sign the first revocation lists'),
    plain('transcript', 'Sign the transcript with the new keys'),
  ];
}

/** A ceremony's journal, read once: what has begun and what is done. */
export class Journal {
  readonly lines: readonly JournalLine[];

  constructor(lines: readonly JournalLine[]) {
    this.lines = lines;
  }

  isDone(step: string): boolean {
    return this.lines.some((line) => line.step === step && line.phase === 'done');
  }

  hasBegun(step: string): boolean {
    return this.lines.some((line) => line.step === step);
  }

  done<T>(step: string, schema: z.ZodType<T>): T | null {
    const line = this.lines.find((one) => one.step === step && one.phase === 'done');
    return line === undefined ? null : schema.parse(line.detail);
  }

  /** What was drawn up when this step began, each time that it did. */
  begun<T>(step: string, schema: z.ZodType<T>): { readonly at: string; readonly detail: T }[] {
    return this.lines
      .filter((line) => line.step === step && line.phase === 'begin')
      .flatMap(({ at, detail }) => {
        const parsed = schema.safeParse(detail);
        return parsed.success ? [{ at, detail: parsed.data }] : [];
      });
  }
}

/** The first step that is not done; null when all are. */
export function nextStep(plan: Plan, journal: Journal): Step | null {
  return stepsOf(plan).find(({ id }) => !journal.isDone(id)) ?? null;
}

/** What has to come from outside before the next step; null when nothing is left to do. */
export function waitsFor(plan: Plan, journal: Journal): CeremonyWaits | null {
  const next = nextStep(plan, journal);
  if (next === null) return null;
  return next.kind === 'officers' ? 'officers' : next.kind === 'import' ? 'certificates' : 'pin';
}

export function stepViews(plan: Plan, journal: Journal): CeremonyStepView[] {
  return stepsOf(plan).map(({ id, title }) => {
    const done = journal.lines.find((line) => line.step === id && line.phase === 'done');
    return {
      step: id,
      title,
      state: done !== undefined ? 'done' : journal.hasBegun(id) ? 'begun' : 'todo',
      at: done?.at ?? null,
      by: done?.by ?? null,
    };
  });
}
