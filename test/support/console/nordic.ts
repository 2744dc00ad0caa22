import { createHash, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { encode, Tagged } from 'cborg';
import { AtError, AtModem, type AtModemOptions } from './at-modem.ts';

/** Codes of %CMNG and %KEYGEN (nRF91 AT commands reference, "Credential storage management"). */
const cme = { NOT_FOUND: 513, NO_ACCESS: 514, FULL: 515, RADIO_ON: 518, OCCUPIED: 519, CONTENT: 527 } as const;

const MAX_CREDENTIAL_BYTES = 4096;

interface Credential {
  content: Buffer;
  readonly key: KeyObject | null;
}

export interface NordicOptions extends AtModemOptions {
  /** Credentials that are there from the beginning and cannot be deleted, e.g. `["8883,2"]`. */
  readonly stuck?: readonly string[];
  /** What the COSE says of another request than the one that it comes with. */
  readonly wrongAttestation?: boolean;
  readonly identityKey?: KeyObject;
}

/** An nRF91 with the AT host application: %CMNG, and %KEYGEN whose answer carries a COSE_Sign1 by the device’s identity key. Echoes nothing. */
export class NordicModem extends AtModem {
  protected override readonly multilineStrings = true;
  readonly credentials = new Map<string, Credential>();
  readonly #options: NordicOptions;
  readonly identityKey: KeyObject;
  readonly #uuid = Buffer.from('50363154393244f0802b0908718314dc', 'hex');
  #radioOn = true;

  constructor(options: NordicOptions = {}) {
    super(options);
    this.#options = options;
    this.identityKey = options.identityKey ?? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    for (const place of options.stuck ?? []) this.credentials.set(place, { content: Buffer.from('stuck'), key: null });
  }

  /** The AT host ends each line with CR LF and begins none with it. */
  protected override lines(...lines: readonly string[]): void {
    this.raw(lines.map((line) => `${line}\r\n`).join(''));
  }

  protected command(body: string): readonly string[] {
    const radio = /^\+cfun=([0-9]+)$/iu.exec(body);
    if (radio !== null) {
      this.#radioOn = radio[1] === '1';
      return [];
    }
    if (/^\+cgmm$/iu.test(body)) return ['nRF9160-SICA'];
    if (/^\+cgmr$/iu.test(body)) return ['mfw_nrf9160_1.3.6'];
    const manage = /^%cmng=([0-3])(?:,(\d+)(?:,(\d+)(?:,"([^"]*)")?)?)?$/isu.exec(body);
    if (manage !== null) return this.#manage(Number(manage[1]), manage[2], manage[3], manage[4]);
    const keygen = /^%keygen=(\d+),2,0(?:,"[^"]*")*$/iu.exec(body);
    if (keygen !== null) return this.#generate(keygen[1] ?? '');
    throw new AtError(null);
  }

  #manage(operation: number, tag: string | undefined, type: string | undefined, content: string | undefined): readonly string[] {
    const place = `${tag ?? ''},${type ?? ''}`;
    if (operation === 1) return this.#list(tag, type);
    if (tag === undefined || type === undefined) throw new AtError(null);
    if (operation !== 2 && this.#radioOn) throw new AtError(cme.RADIO_ON);
    const there = this.credentials.get(place);
    if (operation === 0) {
      if (content === undefined || content === '') throw new AtError(cme.CONTENT);
      if (there !== undefined) throw new AtError(cme.OCCUPIED);
      if (this.faults.full === true || content.length > MAX_CREDENTIAL_BYTES) throw new AtError(cme.FULL);
      if (!/^-----BEGIN [A-Z ]+-----\r?\n/u.test(content)) throw new AtError(cme.CONTENT);
      this.credentials.set(place, { content: this.kept(Buffer.from(content, 'latin1')), key: null });
      return [];
    }
    if (there === undefined) throw new AtError(cme.NOT_FOUND);
    // Keys and certificates can be listed, and not read.
    if (operation === 2) throw new AtError(cme.NO_ACCESS);
    if (this.#options.stuck?.includes(place) !== true) this.credentials.delete(place);
    return [];
  }

  #list(tag: string | undefined, type: string | undefined): readonly string[] {
    return [...this.credentials]
      .filter(([place]) => (tag === undefined || place.startsWith(`${tag},`)) && (type === undefined || place.endsWith(`,${type}`)))
      .map(([place, { content }]) => `%CMNG: ${place},"${createHash('sha256').update(content).digest('hex').toUpperCase()}"`);
  }

  #generate(tag: string): readonly string[] {
    if (this.#radioOn) throw new AtError(cme.RADIO_ON);
    const place = `${tag},2`;
    if (this.credentials.has(place)) throw new AtError(cme.OCCUPIED);
    if (this.faults.full === true) throw new AtError(cme.FULL);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.credentials.set(place, { content: privateKey.export({ type: 'pkcs8', format: 'der' }), key: privateKey });
    const request = certificationRequest(privateKey, '50363154-3932-44f0-802b-0908718314dc');
    const told = this.#options.wrongAttestation === true ? Buffer.concat([request, Buffer.from('another')]) : request;
    const cose = this.#attest(createHash('sha256').update(told).digest(), Number(tag));
    return [`%KEYGEN: "${request.toString('base64url')}.${cose.toString('base64url')}"`];
  }

  /** COSE_Sign1 (RFC 9052) over [message id 9, device UUID, security tag, SHA-256 of the request, nonce]. */
  #attest(digest: Buffer, tag: number): Buffer {
    const protectedHeader = encode(new Map([[1, -7]]));
    const payload = encode(new Tagged(55799, [9, this.#uuid, tag, digest, Buffer.alloc(16, 7)]));
    const toBeSigned = encode(['Signature1', protectedHeader, new Uint8Array(), payload]);
    const signature = sign('sha256', toBeSigned, { key: this.identityKey, dsaEncoding: 'ieee-p1363' });
    return Buffer.from(encode(new Tagged(18, [protectedHeader, new Map([[4, Buffer.from([0x86])]]), payload, signature])));
  }

  /** The key that was made for a tag: what its certificate must be for. */
  keyOf(tag: string): KeyObject | null {
    return this.credentials.get(`${tag},2`)?.key ?? null;
  }
}

/** A PKCS#10 request (RFC 2986) for an EC key, subject CN alone. */
export function certificationRequest(key: KeyObject, commonName: string): Buffer {
  const tlv = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
    const body = Buffer.concat(parts);
    const length =
      body.length < 128 ? [body.length] : body.length < 256 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 255];
    return Buffer.concat([Buffer.from([tag, ...length]), body]);
  };
  const name = tlv(0x30, tlv(0x31, tlv(0x30, Buffer.from('0603550403', 'hex'), tlv(0x0c, Buffer.from(commonName)))));
  const spki = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const info = tlv(0x30, Buffer.from('020100', 'hex'), name, spki, Buffer.from('a000', 'hex'));
  const signature = sign('sha256', info, key);
  return tlv(0x30, info, tlv(0x30, Buffer.from('06082a8648ce3d040302', 'hex')), tlv(0x03, Buffer.from([0]), signature));
}
