import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { certificationRequest } from './nordic.ts';
import { SimulatedConsole } from './simulator.ts';

/** The made-up device of docs/device-profiles.md, by its table of commands. */
export class Gizmo extends SimulatedConsole {
  readonly files = new Map<string, Buffer>();
  #key: KeyObject | null = null;
  #line = '';
  #echo = true;
  #sealed = false;
  #data: { readonly name: string; readonly size: number; readonly taken: number[] } | null = null;

  protected input(byte: number): void {
    if (this.#data !== null) {
      this.#data.taken.push(byte);
      if (this.#data.taken.length < this.#data.size) return;
      this.files.set(this.#data.name, this.kept(Buffer.from(this.#data.taken)));
      this.#data = null;
      this.#say('DONE');
      return;
    }
    const char = String.fromCharCode(byte);
    if (this.#echo) this.raw(char);
    if (char !== '\n') {
      if (char !== '\r') this.#line += char;
      return;
    }
    const words = this.#line.trim().split(' ');
    this.#line = '';
    if (words[0] !== '') this.#command(words);
  }

  #say(...lines: readonly string[]): void {
    this.raw(lines.map((line) => `${line}\r\n`).join(''));
  }

  #command([name, first = '', second = '']: readonly string[]): void {
    const file = this.files.get(first);
    switch (name) {
      case 'WHO':
        this.#say('serial=GZ3000117', 'hw=Gizmo 3', 'fw=3.1', 'DONE');
        return;
      case 'ECHO':
        this.#echo = first !== '0';
        this.#say('DONE');
        return;
      case 'KEY': {
        const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
        this.#key = privateKey;
        this.#say(`req=${certificationRequest(privateKey, 'gizmo').toString('base64')}`, 'DONE');
        return;
      }
      case 'FILE':
        if (this.#sealed) this.#say('FAIL 7 sealed');
        else if (this.faults.full === true) this.#say('FAIL 2 no room');
        else {
          this.#data = { name: first, size: Number(second), taken: [] };
          this.#say('SEND');
        }
        return;
      case 'HASH':
        if (file === undefined) this.#say('FAIL 4 no such file');
        else this.#say(`sha=${createHash('sha256').update(file).digest('hex')}`, 'DONE');
        return;
      case 'SIGN':
        if (this.#key === null) this.#say('FAIL 5 no key');
        else this.#say(`sig=${sign('sha256', Buffer.from(first, 'hex'), this.#key).toString('base64')}`, 'DONE');
        return;
      case 'DEL':
        this.#say(this.files.delete(first) ? 'DONE' : 'FAIL 4 no such file');
        return;
      case 'SEAL':
        this.#sealed = true;
        this.#say('DONE');
        return;
      default:
        this.#say('FAIL 1 what?');
    }
  }
}
