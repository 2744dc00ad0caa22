import { Failure } from '../../contract/index.ts';

const begin = /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----/gu;
const end = /-----END (?:NEW )?CERTIFICATE REQUEST-----/u;

/** The DER of a certificate request in a file: DER as it is, or PEM with whatever tools write around it. INVALID_INPUT when there is not exactly one. */
export function requestFromFile(bytes: Uint8Array): Buffer {
  if (bytes[0] === 0x30) return Buffer.from(bytes);
  const text = Buffer.from(bytes).toString('latin1');
  const [first, second] = text.matchAll(begin);
  const refused = (problem: string): Failure => new Failure('INVALID_INPUT', { field: 'csr', problem });
  if (first === undefined) throw refused('this is neither DER nor PEM of a certificate request');
  if (second !== undefined) throw refused('there is more than one certificate request in it');
  const rest = text.slice(first.index + first[0].length);
  const length = rest.search(end);
  if (length < 0) throw refused('its PEM has no end');
  const body = rest.slice(0, length).replace(/\s/gu, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/u.test(body) || body.length % 4 !== 0) throw refused('its PEM is damaged');
  return Buffer.from(body, 'base64');
}
