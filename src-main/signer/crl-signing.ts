import { randomUUID } from 'node:crypto';
import { Failure, type SignerOutput, type SignerParsed } from '../contract/index.ts';
import { say } from '../log/index.ts';
import { CrlStream } from './crl-rules.ts';
import type { SignerMemory } from './memory.ts';
import type { OpenSession } from './open-session.ts';
import type { SessionQueue } from './session-queue.ts';

const maxStreams = 4;

/** Revocation lists come in pieces, as large as they are; each must be the successor of the one before. */
export class CrlSigning {
  readonly #session: OpenSession;
  readonly #queue: SessionQueue;
  readonly #now: () => number;
  readonly #streams = new Map<string, CrlStream>();
  readonly #memory: SignerMemory;

  constructor(session: OpenSession, queue: SessionQueue, memory: SignerMemory, now: () => number) {
    this.#memory = memory;
    this.#session = session;
    this.#queue = queue;
    this.#now = now;
  }

  begin({ key: ref }: SignerParsed<'sign.crl.begin'>): SignerOutput<'sign.crl.begin'> {
    const key = this.#session.required().account.key(ref);
    // Whoever began the oldest has left it: a station that crashed, or whose disk was full.
    const [oldest] = this.#streams.keys();
    if (this.#streams.size >= maxStreams && oldest !== undefined) this.#streams.delete(oldest);
    const streamId = randomUUID();
    this.#streams.set(streamId, new CrlStream(key, this.#now()));
    return { streamId };
  }

  append({ streamId, chunk }: SignerParsed<'sign.crl.append'>): SignerOutput<'sign.crl.append'> {
    try {
      this.#stream(streamId).append(chunk);
      return {};
    } catch (error) {
      this.#streams.delete(streamId);
      throw error;
    }
  }

  async finish({ streamId }: SignerParsed<'sign.crl.finish'>): Promise<SignerOutput<'sign.crl.finish'>> {
    const stream = this.#stream(streamId);
    this.#streams.delete(streamId);
    const { uri, digest, verifies: fits, ...list } = stream.finish();
    const { key } = stream;
    return this.#queue.run('urgent', async () => {
      const open = this.#session.required();
      this.#memory.list(key.ref, uri, key.signer.authority?.notAfter ?? Infinity, { ...list, digest });
      const signature = await this.#session.watched(open, () => open.link.sign(key, digest));
      if (!fits(signature)) throw new Failure('SIGNATURE_INVALID', { method: 'C_Sign' });
      open.account.touch(this.#session.moment());
      say('info', 'signer', 'signed a revocation list', { number: list.number, ckaId: key.ref.ckaId });
      return { signature };
    });
  }

  /** What was begun in a session ends with it. */
  forget(): void {
    this.#streams.clear();
  }

  #stream(id: string): CrlStream {
    this.#session.required();
    const stream = this.#streams.get(id);
    if (stream === undefined) throw new Failure('NOT_FOUND', { kind: 'revocation list being signed', id });
    return stream;
  }
}
