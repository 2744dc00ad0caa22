import { SimulatedConsole, type ConsoleFaults } from './simulator.ts';

const readOnly: readonly string[] = ['About', 'Version', 'TechSpec', 'ThingName', 'Certificate'];
const certificates: readonly string[] = ['RootCA', 'Certificate', 'OTAcertificate', 'HOTAcertificate'];

interface OpenPem {
  readonly key: string;
  text: string;
}

/**
 * An ExpressLink module (AWS IoT ExpressLink programmer’s guide): commands end with LF, no echo, `OK[lines] text` or `ERRn text`; certificates come after
 * `=pem` line by line, up to the one that ends them.
 */
export class ExpressLink extends SimulatedConsole {
  readonly values = new Map<string, string>([
    ['About', 'Espressif - ESP32-C3 ExpressLink'],
    ['Version', '2.5.3'],
    ['TechSpec', 'v1.1.2'],
    ['ThingName', '0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d'],
    ['Certificate', '-----BEGIN CERTIFICATE-----\nMIIBirth\n-----END CERTIFICATE-----\n'],
    ['RootCA', ''],
    ['Endpoint', ''],
    ['CustomName', ''],
  ]);
  #line = '';
  #pem: OpenPem | null = null;

  constructor(options: ConsoleFaults & { readonly hardwareId?: string } = {}) {
    super(options);
    if (options.hardwareId !== undefined) this.values.set('ThingName', options.hardwareId);
  }

  protected override started(): void {
    this.#line = '';
    this.#pem = null;
  }

  protected input(byte: number): void {
    const char = String.fromCharCode(byte);
    if (char !== '\n') {
      if (char !== '\r') this.#line += char;
      return;
    }
    const line = this.#line;
    this.#line = '';
    if (this.#pem !== null) this.#pemLine(this.#pem, line);
    else if (line !== '') {
      const answer = this.#command(line);
      if (answer !== '') this.#answer(answer);
    }
  }

  #answer(text: string): void {
    for (const line of this.faults.unsolicited ?? []) this.raw(`${line}\r\n`);
    this.raw(`${text}\r\n`);
  }

  #pemLine(pem: OpenPem, line: string): void {
    pem.text += `${line}\n`;
    if (!line.startsWith('-----END')) return;
    this.#pem = null;
    if (this.faults.full === true) this.#answer('ERR23 NO MEMORY');
    else {
      this.values.set(pem.key, this.kept(Buffer.from(pem.text)).toString('latin1'));
      this.#answer('OK');
    }
  }

  #command(line: string): string {
    const [, command = '', rest = ''] = /^at(?:\+(\S+))?(?: (.*))?$/iu.exec(line) ?? [];
    if (!/^at/iu.test(line)) return 'ERR2 PARSE ERROR';
    if (command === '') return 'OK';
    if (command.toUpperCase() === 'CONF?') return this.#read(rest);
    if (command.toUpperCase() === 'CONF') return this.#assign(rest);
    return 'ERR3 COMMAND NOT FOUND';
  }

  #read(rest: string): string {
    const [key = '', form] = rest.split(' ');
    const value = this.values.get(key);
    if (value === undefined) return 'ERR11 UNKNOWN KEY';
    if (!certificates.includes(key)) return value === '' ? 'OK' : `OK ${value}`;
    if (form !== 'pem') return 'ERR4 PARAMETER ERROR';
    if (value === '') return 'OK';
    const lines = value.trimEnd().split('\n');
    return `OK${String(lines.length)} pem\r\n${lines.join('\r\n')}`;
  }

  #assign(rest: string): string {
    const [, key = '', value = ''] = /^(\w+)=(.*)$/u.exec(rest) ?? [];
    if (!this.values.has(key)) return 'ERR11 UNKNOWN KEY';
    if (readOnly.includes(key)) return 'ERR12 KEY READONLY';
    if (certificates.includes(key)) {
      if (value !== 'pem') return 'ERR4 PARAMETER ERROR';
      this.#pem = { key, text: '' };
      return '';
    }
    this.values.set(key, value);
    return 'OK';
  }
}
