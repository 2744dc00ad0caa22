import { createHash } from 'node:crypto';
import { AtError } from './at-modem.ts';
import { NordicModem, type NordicOptions } from './nordic.ts';
import { SimulatedConsole, type ConsoleFaults } from './simulator.ts';

const CTRL_C = 3;
const PROMPT = 'uart:~$ ';

export interface ZephyrShellOptions extends ConsoleFaults {
  /** CONFIG_SHELL_CMD_BUFF_SIZE: longer lines are cut off. */
  readonly commandBytes?: number;
}

/** A Zephyr shell on a UART: echo character by character, a coloured prompt, and arguments in quotes (subsys/shell). */
export abstract class ZephyrShell extends SimulatedConsole {
  readonly #commandBytes: number;
  #line = '';
  #echo = true;

  constructor(options: ZephyrShellOptions = {}) {
    super(options);
    this.#commandBytes = options.commandBytes ?? 256;
  }

  protected override started(): void {
    this.#line = '';
    this.#echo = true;
    this.bypass = null;
    this.prompt();
  }

  /** Answers a command; false: there is none of this name. */
  protected abstract command(words: readonly string[]): boolean;

  /** While a command takes the input (shell_set_bypass), what it does with a byte. */
  protected bypass: ((byte: number) => void) | null = null;

  protected print(...lines: readonly string[]): void {
    for (const line of lines) this.raw(`${line}\r\n`);
  }

  protected error(line: string): void {
    this.raw(`\u001b[1;31m${line}\u001b[0m\r\n`);
  }

  protected prompt(): void {
    this.raw(`\u001b[1;32m${PROMPT}\u001b[m`);
  }

  protected input(byte: number): void {
    if (this.bypass !== null) {
      this.bypass(byte);
      return;
    }
    const char = String.fromCharCode(byte);
    if (byte === CTRL_C) {
      this.#line = '';
      this.raw('\r\n');
      this.prompt();
    } else if (char === '\r') this.#enter();
    else if (byte >= 0x20 && this.#line.length < this.#commandBytes - 1) {
      this.#line += char;
      if (this.#echo) this.raw(char);
    }
  }

  #enter(): void {
    const words = argumentsOf(this.#line);
    this.#line = '';
    this.raw('\r\n');
    // A log line takes the prompt away and puts it back (shell_log_backend).
    for (const line of this.faults.unsolicited ?? []) {
      this.prompt();
      this.raw('\u001b[8D\u001b[J');
      this.print(line);
    }
    const [name, ...rest] = words;
    if (name === 'shell' && rest[0] === 'echo') this.#echo = rest[1] === 'on';
    else if (name !== undefined && !this.command(words)) this.error(`${name}: command not found`);
    if (this.bypass === null) this.prompt();
  }
}

/** Splits a line as shell_utils.c does: single and double quotes, and a backslash before any character outside of them. */
function argumentsOf(line: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (let index = 0; index < line.length; index++) {
    const char = line[index] ?? '';
    if (quote !== '') {
      if (char === quote) quote = '';
      else if (char === '\\' && line[index + 1] === quote) {
        word = (word ?? '') + quote;
        index += 1;
      } else word = (word ?? '') + char;
    } else if (char === "'" || char === '"') {
      quote = char;
      word ??= '';
    } else if (char === '\\') {
      index += 1;
      word = (word ?? '') + (line[index] ?? '');
    } else if (char === ' ') {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + char;
  }
  if (word !== null) words.push(word);
  return words;
}

const types: Readonly<Record<string, string>> = {
  CA_CERT: 'CA',
  CA: 'CA',
  SERVER_CERT: 'SERV',
  CLIENT_CERT: 'SERV',
  SELF_CERT: 'SERV',
  SELF: 'SERV',
  CLIENT: 'SERV',
  SERV: 'SERV',
  PRIVATE_KEY: 'PK',
  PK: 'PK',
};
const longName: Readonly<Record<string, string>> = { CA: 'CA_CERT', SERV: 'SERVER_CERT', PK: 'PRIVATE_KEY' };

export interface ZephyrCredOptions extends ZephyrShellOptions {
  readonly hardwareId?: string;
  /** CONFIG_TLS_CREDENTIALS_SHELL_CRED_BUF_SIZE. */
  readonly bufferBytes?: number;
  /** Its storage backend has no digests (ENOTSUP). */
  readonly undigested?: boolean;
  /** A credential that cannot be deleted. */
  readonly stuck?: string;
}

/** The TLS credentials shell of Zephyr (subsys/net/lib/tls_credentials/tls_credentials_shell.c). */
export class ZephyrCredentials extends ZephyrShell {
  readonly stored = new Map<string, Buffer>();
  hardwareId: string;
  readonly #options: ZephyrCredOptions;
  #buffer = Buffer.alloc(0);

  constructor(options: ZephyrCredOptions = {}) {
    super(options);
    this.#options = options;
    this.hardwareId = options.hardwareId ?? '4d5acb1c0e2f9a33';
    if (options.stuck !== undefined) this.stored.set(options.stuck, Buffer.from('stuck'));
  }

  protected command(words: readonly string[]): boolean {
    const [first, second, ...rest] = words;
    if (first === 'hwinfo' && second === 'devid') this.print('Length: 8', `ID: 0x${this.hardwareId}`);
    else if (first === 'kernel' && second === 'version') this.print('Zephyr version 3.7.0');
    else if (first === 'cred') this.#cred(second ?? '', rest);
    else return false;
    return true;
  }

  #cred(what: string, rest: readonly string[]): void {
    const counts: Readonly<Record<string, readonly [number, number]>> = { buf: [1, 1], add: [4, 5], del: [2, 2], list: [0, 2] };
    const [least, most] = counts[what] ?? [99, 99];
    if (rest.length < least || rest.length > most) {
      this.error(`${what}: wrong parameter count`);
      return;
    }
    if (what === 'buf') this.#buf(rest[0] ?? '');
    if (what === 'add') this.#add(rest);
    if (what === 'del') this.#delete(rest);
    if (what === 'list') this.#list(rest);
  }

  #buf(argument: string): void {
    if (argument === 'clear') this.#clear();
    else if (argument === 'load') {
      const taken: number[] = [];
      this.bypass = (byte) => {
        if (byte !== CTRL_C) {
          taken.push(byte);
          return;
        }
        this.bypass = null;
        this.#keep(Buffer.from(taken));
        this.prompt();
      };
    } else this.#keep(Buffer.from(argument));
  }

  #keep(chunk: Buffer): void {
    if (this.#buffer.length + chunk.length >= (this.#options.bufferBytes ?? 2048)) {
      this.error('Not enough room in credential buffer for provided data. Increase CONFIG_TLS_CREDENTIALS_SHELL_CRED_BUF_SIZE.');
      this.#clear();
      return;
    }
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    this.print(`Stored ${String(chunk.length)} bytes.`);
  }

  #clear(): void {
    if (this.#buffer.length > 0) this.print('Credential buffer cleared.');
    this.#buffer = Buffer.alloc(0);
  }

  #place(tag: string, type: string): string | null {
    if (!/^\d+$/u.test(tag)) this.error(`${tag} is not a valid sectag.`);
    else if (types[type.toUpperCase()] === undefined) this.error(`${type} is not a valid credential type.`);
    else return `${tag},${types[type.toUpperCase()] ?? ''}`;
    return null;
  }

  #add([tag = '', type = '', backend = '', format = '', data]: readonly string[]): void {
    const place = this.#place(tag, type);
    const name = longName[place?.split(',')[1] ?? ''] ?? '';
    if (place === null) return;
    if (backend.toLowerCase() !== 'default') this.error(`${backend} is not a valid backend.`);
    else if (!['bin', 'bint', 'str', 'strt'].includes(format.toLowerCase())) this.error(`${format} is not a valid storage format.`);
    else {
      if (data !== undefined) {
        this.#clear();
        this.#keep(Buffer.from(data));
      }
      this.#addBuffered(place, tag, name, format.toLowerCase());
    }
    this.#clear();
  }

  #addBuffered(place: string, tag: string, name: string, format: string): void {
    if (this.#buffer.length === 0) {
      this.error('Please provide a credential to add.');
      return;
    }
    if (this.stored.has(place)) {
      this.error(`TLS credential with sectag ${tag} and type ${name} already exists.`);
      return;
    }
    let content = this.#buffer;
    if (format.startsWith('bin')) {
      if (!/^[A-Za-z0-9+/]+={0,2}$/u.test(content.toString()) || content.length % 4 !== 0) {
        this.error('Could not decode input from base64, error: -22');
        return;
      }
      content = Buffer.from(content.toString(), 'base64');
    }
    if (format.endsWith('t')) content = Buffer.concat([content, Buffer.alloc(1)]);
    if (this.faults.full === true) {
      this.error('No reference slot available, cannot copy credential to heap. Credential will not be stored');
      return;
    }
    this.stored.set(place, this.kept(content));
    this.print(`Added TLS credential of type ${name}, sectag ${tag}, and length ${String(content.length)} bytes.`);
  }

  #delete([tag = '', type = '']: readonly string[]): void {
    const place = this.#place(tag, type);
    if (place === null) return;
    const name = longName[place.split(',')[1] ?? ''] ?? '';
    if (!this.stored.has(place)) this.error(`There is no TLS credential with sectag ${tag} and type ${name}.`);
    else if (this.#options.stuck === place)
      this.error(`Deleting TLS credential with sectag ${tag} and type ${name} failed with error: -13.`);
    else {
      this.stored.delete(place);
      this.print(`Deleted TLS credential with sectag ${tag} and type ${name}.`);
    }
  }

  #list([tag = 'any', type = 'any']: readonly string[]): void {
    const wanted = types[type.toUpperCase()];
    const found = [...this.stored].filter(
      ([place]) => (tag === 'any' || place.startsWith(`${tag},`)) && (type === 'any' || place.endsWith(`,${wanted ?? ''}`)),
    );
    for (const [place, content] of found) {
      const digest = createHash('sha256').update(content).digest('base64');
      this.print(`${place},${this.#options.undigested === true ? 'ERROR,-134' : `${digest},0`}`);
    }
    this.print(`${String(found.length)} credentials found.`);
  }
}

/** An nRF91 whose AT commands are given in a Zephyr shell: `at 'AT…'` (nRF Connect SDK, lib/at_shell with CONFIG_AT_SHELL_UNESCAPE_LF). */
export class NordicShell extends ZephyrShell {
  readonly modem: BehindShell;

  constructor(options: NordicOptions & ZephyrShellOptions = {}) {
    super({ commandBytes: 4096, ...options });
    this.modem = new BehindShell(options, (line) => this.print(line));
  }

  protected command([first, text]: readonly string[]): boolean {
    if (first !== 'at') return false;
    // Only %CMNG=0 takes several lines; there \n is CR LF.
    this.modem.at((text ?? '').startsWith('AT%CMNG=0') ? (text ?? '').replaceAll('\\n', '\r\n') : (text ?? ''));
    return true;
  }
}

class BehindShell extends NordicModem {
  readonly #print: (line: string) => void;

  constructor(options: NordicOptions, print: (line: string) => void) {
    super(options);
    this.#print = print;
  }

  at(text: string): void {
    const body = /^at(.*)$/isu.exec(text)?.[1];
    try {
      if (body === undefined) throw new AtError(null);
      const answer = body === '' || /^\+cmee=/iu.test(body) ? [] : /^\+cgsn$/iu.test(body) ? [this.imei] : this.command(body);
      for (const line of [...answer, 'OK']) this.#print(line);
    } catch (thrown) {
      if (!(thrown instanceof AtError)) throw thrown;
      this.#print(thrown.message);
    }
  }
}
