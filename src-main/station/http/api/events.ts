import { randomBytes } from 'node:crypto';
import { eventRoles, Failure, type Caller, type EventName } from '../../../contract/index.ts';
import type { FastifyReply, FastifyRequest } from '../server.ts';
import { toJson } from './json-forms.ts';
import { servedEvents } from './served.ts';

interface Kept {
  readonly number: number;
  readonly name: EventName;
  readonly text: string;
}

const mostKept = 1_000;
const mostStreams = 16;
/** A reader that is further behind is let go; it can come back with the id of the last event that it has. */
const mostBehind = 1024 * 1024;
const beatMs = 15_000;
const missed = 'events.missed';

/** Events as server-sent events. Each has an id; whoever comes back with the last one gets what came after it, or is told that some are missing. */
export class EventStreams {
  /** Another start of the station counts from the beginning. */
  readonly #start = randomBytes(6).toString('hex');
  readonly #kept: Kept[] = [];
  readonly #streams = new Set<(event: Kept) => void>();
  #number = 0;

  add(name: EventName, payload: unknown): void {
    if (!servedEvents.includes(name)) return;
    const event = { number: ++this.#number, name, text: toJson(payload) };
    this.#kept.push(event);
    if (this.#kept.length > mostKept) this.#kept.shift();
    for (const stream of [...this.#streams]) stream(event);
  }

  /** `caller` is asked again for each event and each beat: with a key that has ended, a stream ends. TOO_MANY_STREAMS. */
  open(request: FastifyRequest, reply: FastifyReply, caller: () => Caller): void {
    if (this.#streams.size >= mostStreams) throw new Failure('TOO_MANY_STREAMS', { most: mostStreams });
    caller();
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
    const role = (): Caller['role'] | null => {
      try {
        return caller().role;
      } catch (thrown) {
        if (!(thrown instanceof Failure)) throw thrown;
        return null;
      }
    };
    const write = (event: Kept): void => {
      const now = role();
      if (now === null || raw.writableLength > mostBehind) raw.destroy();
      else if (eventRoles[event.name].includes(now)) raw.write(this.#lines(event));
    };
    const beat = setInterval(() => void (role() === null ? raw.destroy() : raw.write(': still here\n\n')), beatMs);
    raw.once('close', () => {
      clearInterval(beat);
      this.#streams.delete(write);
    });
    raw.write(': events follow\n\n');
    this.#again(request.headers['last-event-id'], write, (text) => void raw.write(text));
    this.#streams.add(write);
  }

  #again(last: string | string[] | undefined, write: (event: Kept) => void, tell: (text: string) => void): void {
    if (typeof last !== 'string' || last === '') return;
    const [start, number] = last.split('-');
    const [oldest = this.#number + 1] = this.#kept.map((event) => event.number);
    const from = start === this.#start && /^\d{1,15}$/u.test(number ?? '') ? Number(number) : null;
    if (from === null || from + 1 < oldest || from > this.#number) {
      tell(`event: ${missed}\nid: ${this.#id(oldest - 1)}\ndata: {}\n\n`);
      for (const event of this.#kept) write(event);
    } else for (const event of this.#kept) if (event.number > from) write(event);
  }

  #lines({ number, name, text }: Kept): string {
    return `event: ${name}\nid: ${this.#id(number)}\ndata: ${text}\n\n`;
  }

  #id(number: number): string {
    return `${this.#start}-${String(number)}`;
  }
}
