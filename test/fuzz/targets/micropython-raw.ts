import { Failure } from '../../../src-main/contract/index.ts';
import { readIdentity, storedDigest } from '../../../src-main/station/devices/micropython/board.ts';
import { RawRepl } from '../../../src-main/station/devices/micropython/raw-repl.ts';
import { Transcript } from '../../../src-main/station/devices/transcript.ts';
import { mutateStream } from '../mutate/stream.ts';
import { Broken, type FuzzTarget } from '../target.ts';

/** Ends what the board says after one write; no byte of the protocol or of UTF-8. */
const END_OF_PART = 0xfe;
/** Longer than the pause between two pieces of code in plain raw mode. */
const PLAIN_IDLE_MS = 15;
const COMMAND_BYTES = 3;

const parts = (...said: readonly string[]): Buffer => Buffer.concat(said.map((part) => Buffer.from(`${part}\xfe`, 'latin1')));
const digest = 'ab'.repeat(32);
const output = (text: string, traceback = ''): string => `${text}\x04${traceback}\x04>`;
const pasted = (text: string, traceback = ''): readonly string[] => ['R\x01\x00\x80\x01', '', `\x04${output(text, traceback)}`];
const plain = (text: string): readonly string[] => ['R\x00', '', `OK${output(text)}`];
const identity = '5a30c1f2\r\nRaspberry Pi Pico W\r\nmicropython 1.27.0\r\n';
const noFile = 'Traceback (most recent call last):\r\n  File "<stdin>", line 2, in <module>\r\nOSError: [Errno 28] ENOSPC\r\n';

/** What a board says in its raw REPL while it is asked who it is and what it stores. */
export const micropythonRaw: FuzzTarget = {
  name: 'micropython-raw',
  rounds: 200,
  seeds: () => [
    parts(...pasted(identity), ...pasted(`1180 ${digest}\r\n`)),
    parts(...pasted(identity), ...pasted('none\r\n')),
    parts(...pasted(identity), ...pasted(`${'00ff'.repeat(64)}\r\n${'1234'.repeat(9)}\r\ncontent\r\n`)),
    parts(...pasted(identity), ...pasted('', noFile)),
    parts(...plain(identity), ...plain(`1180 ${digest}\r\n`)),
    parts('R\x01\x02\x00\x01', '\x01', '\x01', '', `\x04${output('', 'MemoryError: \r\n')}`),
  ],
  mutate: mutateStream(
    [
      ...[
        'R\x01',
        'R\x00',
        '\x01',
        '\x04',
        '\x04\x04',
        '>',
        'OK',
        'raw REPL; CTRL-B to exit\r\n>',
        '\x00\x00',
        'none',
        'content',
        ' ',
        digest,
      ],
    ].map((word) => Buffer.from(word, 'latin1')),
  ),
  feed: async (input) => {
    const gone = new AbortController();
    const said = partsOf(input);
    const silence = new Silence(() => gone.abort(new Failure('CANCELLED', { left: 'silence' })));
    const write = (bytes: Uint8Array): Promise<void> => {
      const part = said.shift();
      queueMicrotask(() => repl.receive(part ?? Buffer.alloc(0)));
      silence.after(bytes.length > COMMAND_BYTES ? PLAIN_IDLE_MS : 0);
      return Promise.resolve();
    };
    const repl = new RawRepl({ path: 'port', baudRate: 115_200, write }, new Transcript(), 60_000);
    try {
      const { hardwareId, model, firmware } = await readIdentity(repl, gone.signal);
      if (!/^[0-9A-F]{2,64}$/u.test(hardwareId) || model.length > 64 || firmware.length > 64) throw new Broken('an identity that is none');
      const stored = await storedDigest(repl, 'cert.pem', gone.signal);
      if (stored !== null && !(Number.isInteger(stored.bytes) && /^[0-9a-f]{64}$/u.test(stored.digest)))
        throw new Broken('a digest that is none');
      return `${/\P{ASCII}/u.test(model + firmware) ? 'strange' : 'plain'} names, ${stored === null ? 'nothing' : 'something'} stored`;
    } catch (thrown) {
      // A timer that is aborted tells so in its own words.
      if (thrown instanceof Error && thrown.name === 'AbortError') return 'silence';
      if (!(thrown instanceof Failure)) throw thrown;
      if (/\p{C}/u.test(thrown.detail ?? '')) throw new Broken('a failure tells what the board sent as it came');
      return `${thrown.code} ${thrown.code === 'UNVERIFIABLE' ? (thrown.detail ?? '') : ''}`;
    } finally {
      silence.end();
    }
  },
};

function partsOf(input: Uint8Array): Buffer[] {
  const found: Buffer[] = [];
  let from = 0;
  for (let at = 0; at < input.length; at++)
    if (input[at] === END_OF_PART) {
      found.push(Buffer.from(input.subarray(from, at)));
      from = at + 1;
    }
  return [...found, Buffer.from(input.subarray(from))];
}

/** The board has nothing more to say: nobody waits for its deadline. */
class Silence {
  readonly #onSilence: () => void;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;

  constructor(onSilence: () => void) {
    this.#onSilence = onSilence;
  }

  after(ms: number): void {
    this.end();
    if (ms > 0) this.#timer = setTimeout(this.#onSilence, ms);
    else this.#immediate = setImmediate(this.#onSilence);
  }

  end(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
  }
}
