import { Failure, KeyRef, type KeyProof, type SignerOutput, type SignerParsed } from '../contract/index.ts';
import { refused } from './failures.ts';
import type { SigningKey } from './issuer-key.ts';
import type { SignerMemory } from './memory.ts';
import type { Open, OpenSession } from './open-session.ts';
import { checkRequest } from './request-rules.ts';
import type { SessionQueue } from './session-queue.ts';
import { digestOf, verifies } from './signature.ts';
import { checkTranscript } from './transcript-rules.ts';

/** What only a ceremony may do: make keys, find those that a try before made, sign requests and the transcript. */
export class CeremonySigning {
  readonly #session: OpenSession;
  readonly #queue: SessionQueue;
  readonly #memory: SignerMemory;

  constructor(session: OpenSession, queue: SessionQueue, memory: SignerMemory) {
    this.#session = session;
    this.#queue = queue;
    this.#memory = memory;
  }

  async generateKey({ ckaId, label, algorithm }: SignerParsed<'key.generate'>): Promise<SignerOutput<'key.generate'>> {
    return this.#inCeremony(ckaId, async (open) => {
      this.#memory.begins(open.account.terms.token, ckaId);
      const proof = await open.link.generate({ ckaId, label, algorithm });
      this.#added(open, proof);
      return proof;
    });
  }

  #added({ account }: Open, proof: KeyProof): void {
    account.addKey(proof);
    this.#memory.add(proof.key);
    this.#memory.bindPoints(proof.key, account.key(proof.key).signer.points);
  }

  async findKey({ ckaId, label, algorithm }: SignerParsed<'key.find'>): Promise<SignerOutput<'key.find'>> {
    return this.#inCeremony(ckaId, async (open) => {
      const proof = await open.link.findPair({ ckaId, label, algorithm });
      if (proof === null) return null;
      if (!this.#memory.knows(proof.key.spkiSha256) && !this.#memory.hasBegun(open.account.terms.token, ckaId))
        throw new Failure('SIGNER_MEMORY_LOST', { issuer: label });
      this.#added(open, proof);
      return proof;
    });
  }

  async #inCeremony<T>(ckaId: string, work: (open: Open) => Promise<T>): Promise<T> {
    if (!KeyRef.shape.ckaId.safeParse(ckaId).success || ckaId.length % 2 !== 0)
      throw new Failure('INVALID_INPUT', { field: 'ckaId', problem: 'it must be 1 to 32 bytes in lower-case hex' });
    return this.#queue.run('usual', async () => {
      const open = this.#ceremony();
      const result = await this.#session.watched(open, () => work(open));
      open.account.touch(this.#session.moment());
      return result;
    });
  }

  #ceremony(): Open {
    const open = this.#session.required();
    if (open.account.terms.kind !== 'ceremony') throw refused('this is for a ceremony only');
    return open;
  }

  async signRequest({ key: ref, info }: SignerParsed<'sign.request'>): Promise<SignerOutput<'sign.request'>> {
    const key = this.#ceremony().account.key(ref);
    checkRequest(info, key.signer);
    return this.#signed(key, info, () => undefined);
  }

  async signTranscript({ key: ref, transcript }: SignerParsed<'sign.transcript'>): Promise<SignerOutput<'sign.transcript'>> {
    const key = this.#ceremony().account.key(ref);
    return this.#signed(key, transcript, async (open) => checkTranscript(transcript, ref, await open.link.attributes(key)));
  }

  /** One signature in a ceremony that is no certificate, so that it counts for no quota. */
  async #signed(key: SigningKey, bytes: Uint8Array, check: (open: Open) => void | Promise<void>): Promise<{ signature: Uint8Array }> {
    return this.#queue.run('usual', async () => {
      const open = this.#ceremony();
      const signature = await this.#session.watched(open, async () => {
        await check(open);
        return open.link.sign(key, digestOf(key.algorithm, bytes));
      });
      if (!verifies(key.algorithm, key.publicKey, bytes, signature)) throw new Failure('SIGNATURE_INVALID', { method: 'C_Sign' });
      open.account.touch(this.#session.moment());
      return { signature };
    });
  }
}
