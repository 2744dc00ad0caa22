import { join } from 'node:path';
import {
  Failure,
  type Authority,
  type KeyProof,
  type SessionTerms,
  type SignerClient,
  type SignerEventName,
  type SigningProfile,
  type SigningSession,
  type TokenRef,
  type TokenState,
} from '../../src-main/contract/index.ts';
import { createSigner, type SignerOptions, type SignerService } from '../../src-main/signer/index.ts';
import {
  authorityProfiles,
  assembleCertificate,
  authorityDays,
  buildIssuerTbs,
  buildRootTbs,
  crlUri,
  loadCertificateProfile,
  signingProfile,
  type CertificateProfile,
  newSerial,
  readIssuer,
  type Issuer,
} from '../../src-main/station/ca/index.ts';
import { makeTokenFolder, type TokenFolder } from './token.ts';

export const testPin = '482916';
export const crlBase = 'http://crl.test.example';

export interface SettableClock {
  now(): number;
  /** Goes forward with `advance` alone. */
  steady(): number;
  set(ms: number): void;
  advance(ms: number): void;
}

export function settableClock(start = Date.now()): SettableClock {
  let now = start;
  let steady = 0;
  return {
    now: () => now,
    steady: () => steady,
    set: (ms) => {
      now = ms;
    },
    advance: (ms) => {
      now += ms;
      steady += ms;
    },
  };
}

export const shippedProfile = (name: string): CertificateProfile =>
  loadCertificateProfile(new URL(`../../resources/profiles/certificates/${name}.json`, import.meta.url).pathname);

/** Every list that a test names; a station names each key's own. */
const testPoints = [
  ...['root', 'server', 'i'].map((id) => crlUri(crlBase, id)),
  ...[0, 1, 2, 3].map((partition) => crlUri(crlBase, 'issuer-1', partition)),
];

/** Every key id that a test uses. */
const testKeys = [...Array.from({ length: 0x40 }, (_, n) => n.toString(16).padStart(2, '0')), '99'];

interface Seen {
  readonly event: SignerEventName;
  readonly payload: unknown;
}

export interface BenchOptions extends Partial<SignerOptions> {
  readonly folder?: TokenFolder;
  readonly clock?: SettableClock;
  /** The lists of a key; of each those that any test names when absent. */
  readonly points?: (ckaId: string) => string[];
  /** Where the signer runs; in this process when absent. */
  readonly create?: typeof createSigner;
}

/** A signer on its own token folder, with what it emitted. */
export class SignerBench {
  readonly clock: SettableClock;
  readonly folder: TokenFolder;
  readonly #points: (ckaId: string) => string[];
  readonly service: SignerService;
  readonly client: SignerClient;
  readonly hangs: { method: string; ms: number }[] = [];
  readonly seen: Seen[] = [];
  /** How often the signer asked for a new process. */
  stuck = 0;
  readonly #waiting = new Set<() => void>();

  constructor(options: BenchOptions = {}) {
    this.clock = options.clock ?? settableClock();
    this.folder = options.folder ?? makeTokenFolder();
    this.#points = options.points ?? (() => testPoints);
    this.service = (options.create ?? createSigner)({
      onHung: (hang) => this.hangs.push(hang),
      onStuck: () => {
        this.stuck++;
      },
      memory: join(this.folder.dir, 'memory.db'),
      ...options,
      clock: this.clock,
      steady: () => this.clock.steady(),
      emit: (event, payload) => {
        this.seen.push({ event, payload });
        for (const wake of this.#waiting) wake();
      },
    });
    this.client = ((name: string, input: unknown) => this.service.handle(name, input)) as SignerClient;
  }

  async start(): Promise<void> {
    await this.client('module.use', { module: this.folder.module, watch: null });
  }

  async enterPin(requestId: string, pin = testPin): Promise<SigningSession | null> {
    return ((await this.service.handle('pin.enter', { requestId, pin: Buffer.from(pin) })) as { session: SigningSession | null }).session;
  }

  /** A new software token with the test PIN. */
  async makeToken(label = 'Station 1'): Promise<TokenRef> {
    const { requestId } = await this.client('token.requestInit', { label });
    await this.enterPin(requestId);
    const token = (await this.client('token.list', {})).find((view) => view.label === label);
    if (token === undefined) throw new Error('the new token is not listed');
    return { label: token.label, serial: token.serial };
  }

  async openSession(terms: SessionTerms, pin = testPin): Promise<SigningSession> {
    const { requestId } = await this.client('session.request', terms);
    const session = await this.enterPin(requestId, pin);
    if (session === null) throw new Error('no session');
    return session;
  }

  terms(token: TokenRef, more: Partial<SessionTerms> = {}): SessionTerms {
    const until = new Date(this.clock.now() + 3_600_000).toISOString();
    return {
      kind: 'issue',
      issuer: 'Test issuer',
      token,
      authorities: [],
      profiles: [],
      tenants: null,
      relearn: null,
      distributionPoints: testKeys.map((ckaId) => ({ ckaId, uris: this.#points(ckaId) })),
      quota: 100,
      until,
      idleMinutes: 30,
      perMinute: 10_000,
      operator: 'Olga',
      reason: 'test',
      ...more,
    };
  }

  ceremonyTerms(token: TokenRef, leaves: readonly SigningProfile[] = []): SessionTerms {
    return this.terms(token, { kind: 'ceremony', profiles: [...authorityProfiles(), ...leaves] });
  }

  /** Resolves with the first event, from now or before, that fits. */
  async event<T = unknown>(event: SignerEventName, fits: (payload: T) => boolean, after = 0): Promise<T> {
    for (;;) {
      const found = this.seen.slice(after).find((seen) => seen.event === event && fits(seen.payload as T));
      if (found !== undefined) return found.payload as T;
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }

  async tokenState(state: TokenState['state'], after = 0): Promise<void> {
    await this.event<TokenState>('token.changed', (payload) => payload.state === state, after);
  }

  async stop(): Promise<void> {
    await this.service.close();
    this.folder.remove();
  }
}

export interface MadeAuthority {
  readonly proof: KeyProof;
  readonly certificate: Buffer;
  readonly issuer: Issuer;
}
export type Hierarchy = Readonly<Record<'root' | 'issuer' | 'server', MadeAuthority>>;

/** Root, issuer and server issuer on this token, made in a ceremony that is closed again. */
export async function makeHierarchy(
  bench: SignerBench,
  token: TokenRef,
  algorithm: 'ec-p256' | 'ec-p384' | 'rsa-3072' = 'ec-p256',
): Promise<Hierarchy> {
  await bench.openSession(bench.ceremonyTerms(token));
  const make = async (ckaId: string, commonName: string, above: MadeAuthority | null): Promise<MadeAuthority> => {
    const proof = await bench.client('key.generate', { ckaId, label: commonName, algorithm });
    const subject = { organization: 'Test', commonName };
    const common = { subject, spki: proof.spki, serial: newSerial(), now: bench.clock.now() };
    const draft =
      above === null
        ? buildRootTbs({ ...common, days: authorityDays.root })
        : buildIssuerTbs({ ...common, days: authorityDays.issuer, issuer: above.issuer, crlUri: crlUri(crlBase, 'root') });
    const signedBy = above?.proof ?? proof;
    const profile = above === null ? 'root' : 'issuer';
    const { signature } = await bench.client('sign.certificate', { key: signedBy.key, profile, tbs: draft.tbs });
    const certificate = assembleCertificate(draft.tbs, signedBy, signature);
    return { proof, certificate, issuer: readIssuer(certificate) };
  };
  const root = await make('01', 'Test root', null);
  const made = { root, issuer: await make('02', 'Test issuer 1', root), server: await make('03', 'Test server issuer', root) };
  await bench.client('session.close', { why: 'ceremony done' });
  return made;
}

export const issueTerms = (
  bench: SignerBench,
  token: TokenRef,
  by: MadeAuthority,
  profile = 'device',
  more: Partial<SessionTerms> = {},
): SessionTerms =>
  bench.terms(token, {
    authorities: [authorityTerms(by, profile)],
    profiles: [signingProfile(shippedProfile(profile))],
    ...more,
  });

export const authorityTerms = ({ proof, certificate }: MadeAuthority, ...profiles: readonly string[]): Authority => ({
  key: proof.key,
  certificate,
  profiles: [...profiles],
});

/** The code of the Failure that a promise ends in; fails the test when it does not. */
export async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  throw new Error('it did not fail');
}
