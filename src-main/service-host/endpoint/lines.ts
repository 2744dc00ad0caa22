const bytesKey = '$bytes';
const lineEnd = 0x0a;

/** One message as a line of JSON. Bytes travel as `{"$bytes": base64}`. */
export function toLine(message: unknown): string {
  return `${JSON.stringify(message, function (this: unknown, key: string, value: unknown) {
    // Buffers turn themselves into something else before they get here: look at what was there before.
    const original = (this as Record<string, unknown>)[key];
    return original instanceof Uint8Array ? { [bytesKey]: Buffer.from(original).toString('base64') } : value;
  })}\n`;
}

/** Throws a SyntaxError for what is no JSON. */
export function fromLine(line: string): unknown {
  return JSON.parse(line, (_key, value: unknown) => {
    if (typeof value !== 'object' || value === null || !(bytesKey in value)) return value;
    const text = value[bytesKey];
    return typeof text === 'string' && Object.keys(value).length === 1 ? new Uint8Array(Buffer.from(text, 'base64')) : value;
  });
}

/** Cuts a stream of bytes into lines. */
export class Lines {
  readonly #longest: number;
  #waiting: Buffer[] = [];
  #size = 0;

  /** @param longest bytes that one line may have */
  constructor(longest: number) {
    this.#longest = longest;
  }

  /** The lines that are whole now; null when one is longer than allowed, after which nothing can be read any more. */
  push(chunk: Buffer): string[] | null {
    const lines: string[] = [];
    let rest = chunk;
    for (let end = rest.indexOf(lineEnd); end >= 0; end = rest.indexOf(lineEnd)) {
      if (this.#size + end > this.#longest) return null;
      lines.push(Buffer.concat([...this.#waiting, rest.subarray(0, end)]).toString('utf8'));
      this.#waiting = [];
      this.#size = 0;
      rest = rest.subarray(end + 1);
    }
    if (rest.length > 0) this.#waiting.push(rest);
    this.#size += rest.length;
    return this.#size > this.#longest ? null : lines;
  }
}
