import { Failure } from '../../contract/index.ts';

const armour = /-----BEGIN (?<label>(?:NEW )?CERTIFICATE REQUEST)-----(?<body>[\s\S]*?)-----END \k<label>-----/gu;

/** The DER of a certificate request in a file: DER as it is, or PEM with whatever tools write around it. INVALID_INPUT when there is not exactly one. */
export function requestFromFile(bytes: Uint8Array): Buffer {
  if (bytes[0] === 0x30) return Buffer.from(bytes);
  const found = [...Buffer.from(bytes).toString('latin1').matchAll(armour)];
  const [first] = found;
  const refused = (problem: string): Failure => new Failure('INVALID_INPUT', { field: 'csr', problem });
  if (first === undefined) throw refused('this is neither DER nor PEM of a certificate request');
  if (found.length > 1) throw refused('there is more than one certificate request in it');
  const body = (first.groups?.['body'] ?? '').replace(/\s/gu, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/u.test(body) || body.length % 4 !== 0) throw refused('its PEM is damaged');
  return Buffer.from(body, 'base64');
}
