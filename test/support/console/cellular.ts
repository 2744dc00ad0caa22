import { createHash } from 'node:crypto';
import { AtError, AtModem, type AtModemOptions } from './at-modem.ts';

/** Room for files in the modem. */
const MAX_FILES = 40;

/** 16-bit XOR over pairs of bytes, the first of a pair high (Quectel FILE application note, AT+QFUPL). */
export function quectelChecksum(content: Buffer): string {
  let sum = 0;
  for (let index = 0; index < content.length; index += 2) sum ^= ((content[index] ?? 0) << 8) | (content[index + 1] ?? 0);
  return sum.toString(16);
}

/** A Quectel modem: files in UFS by QFUPL after CONNECT, QFDWL, QFLST, QFDEL, and QSSLCFG. Echoes from the beginning. */
export class QuectelModem extends AtModem {
  readonly files = new Map<string, Buffer>();
  readonly ssl = new Map<string, string>();

  constructor(options: AtModemOptions = {}) {
    super({ echo: true, ...options });
  }

  protected command(body: string): readonly string[] | null {
    if (/^\+cgmm$/iu.test(body)) return ['BG95-M3'];
    if (/^\+cgmr$/iu.test(body)) return ['BG95M3LAR02A04'];
    const [, name = '', rest = ''] = /^\+(\w+)=(.*)$/su.exec(body) ?? [];
    const words = rest.split(',').map((word) => word.replace(/^"(?:UFS:)?|"$/gu, ''));
    switch (name.toUpperCase()) {
      case 'QFUPL':
        return this.#upload(words);
      case 'QFDWL':
        return this.#download(words[0] ?? '');
      case 'QFLST':
        return this.#listed(words[0] ?? '');
      case 'QFDEL':
        if (!this.files.delete(words[0] ?? '')) throw new AtError(405);
        return [];
      case 'QSSLCFG':
        this.ssl.set(words[0] ?? '', words[2] ?? '');
        return [];
    }
    throw new AtError(null);
  }

  #upload([name = '', size = '0']: readonly string[]): null {
    if (this.files.has(name)) throw new AtError(407);
    if (this.faults.full === true || this.files.size >= MAX_FILES) throw new AtError(403);
    this.raw('\r\nCONNECT\r\n');
    this.readData(Number(size), (content) => {
      this.files.set(name, this.kept(content));
      this.finish(() => [`+QFUPL: ${size},${quectelChecksum(content)}`]);
    });
    return null;
  }

  #download(name: string): null {
    const content = this.files.get(name);
    if (content === undefined) throw new AtError(405);
    this.raw('\r\nCONNECT\r\n');
    this.raw(content);
    this.finish(() => [`+QFDWL: ${String(content.length)},${quectelChecksum(content)}`]);
    return null;
  }

  #listed(name: string): readonly string[] {
    const found = [...this.files].filter(([file]) => name === '*' || file === name);
    if (found.length === 0 && name !== '*') throw new AtError(405);
    return found.map(([file, content]) => `+QFLST: "${file}",${String(content.length)}`);
  }
}

/** A SIMCom modem: certificates by CCERTDOWN after `>`, CCERTLIST, CCERTDELE, and CSSLCFG. It tells names only. */
export class SimcomModem extends AtModem {
  readonly certificates = new Map<string, Buffer>();
  readonly ssl = new Map<string, string>();

  constructor(options: AtModemOptions = {}) {
    super({ echo: true, ...options });
  }

  protected command(body: string): readonly string[] | null {
    if (/^\+cgmm$/iu.test(body)) return ['SIMCOM_SIM7600E-H'];
    if (/^\+cgmr$/iu.test(body)) return ['+CGMR: LE20B04SIM7600M22'];
    if (/^\+ccertlist$/iu.test(body)) return [...this.certificates.keys()].map((name) => `+CCERTLIST: "${name}"`);
    const [, name = '', rest = ''] = /^\+(\w+)=(.*)$/su.exec(body) ?? [];
    const words = rest.split(',').map((word) => word.replace(/^"|"$/gu, ''));
    switch (name.toUpperCase()) {
      case 'CCERTDOWN':
        return this.#download(words);
      case 'CCERTDELE':
        if (!this.certificates.delete(words[0] ?? '')) throw new AtError(null);
        return [];
      case 'CSSLCFG':
        this.ssl.set(words[0] ?? '', words[2] ?? '');
        return [];
    }
    throw new AtError(null);
  }

  #download([name = '', size = '0']: readonly string[]): null {
    if (Number(size) < 1 || Number(size) > 10_240) throw new AtError(null);
    this.raw('\r\n>');
    this.readData(Number(size), (content) => {
      this.finish(() => {
        if (this.faults.full === true) throw new AtError(20);
        this.certificates.set(name, this.kept(content));
        return [];
      });
    });
    return null;
  }
}

/** A u-blox modem: USECMNG 0 import after `>`, 2 delete, 4 MD5; and USECPRF. PEM is kept as its DER, of which the MD5 is. */
export class UbloxModem extends AtModem {
  readonly stored = new Map<string, Buffer>();
  readonly profile = new Map<string, string>();

  constructor(options: AtModemOptions = {}) {
    super({ echo: true, ...options });
  }

  protected command(body: string): readonly string[] | null {
    if (/^\+cgmm$/iu.test(body)) return ['SARA-R410M-02B'];
    if (/^\+cgmr$/iu.test(body)) return ['L0.0.00.00.05.12'];
    const manage = /^\+usecmng=([0-4]),([0-3]),"([^"]{1,200})"(?:,(\d+))?$/iu.exec(body);
    if (manage !== null) return this.#manage(manage[1] ?? '', `${manage[2] ?? ''},"${manage[3] ?? ''}"`, Number(manage[4] ?? 0));
    const profile = /^\+usecprf=([0-4]),(\d+),(.*)$/iu.exec(body);
    if (profile !== null) {
      this.profile.set(profile[2] ?? '', (profile[3] ?? '').replaceAll('"', ''));
      return [];
    }
    throw new AtError(null);
  }

  #manage(operation: string, place: string, size: number): readonly string[] | null {
    if (operation === '0') {
      if (size < 1 || size > 8192) throw new AtError(null);
      this.raw('>');
      this.readData(size, (content) => {
        this.finish(() => this.#imported(place, content));
      });
      return null;
    }
    const content = this.stored.get(place);
    if (content === undefined) throw new AtError(null);
    if (operation === '4') return [`+USECMNG: 4,${place},"${md5(content)}"`];
    if (operation === '2') this.stored.delete(place);
    else throw new AtError(null);
    return [];
  }

  #imported(place: string, content: Buffer): readonly string[] {
    if (this.faults.full === true) throw new AtError(20);
    const pem = /-----BEGIN [A-Z ]+-----([\s\S]+?)-----END/u.exec(content.toString('latin1'))?.[1];
    const der = pem === undefined ? content : Buffer.from(pem, 'base64');
    // A SEQUENCE with a length of two bytes or one (X.690), and nothing after it.
    const length = der[1] === 0x82 ? 4 + der.readUInt16BE(2) : der[1] === 0x81 ? 3 + (der[2] ?? 0) : 2 + (der[1] ?? 0);
    if (der[0] !== 0x30 || length !== der.length) throw new AtError(null);
    this.stored.set(place, this.kept(der));
    return [`+USECMNG: 0,${place},"${md5(this.stored.get(place) ?? der)}"`];
  }
}

const md5 = (content: Buffer): string => createHash('md5').update(content).digest('hex');
