import { WorkFolder } from './openssl.ts';

export interface CaOptions {
  readonly subject?: string;
  /** Arguments of `openssl req` that make the key. */
  readonly key?: readonly string[];
  readonly days?: number;
  /** Lines of the extension section. */
  readonly extensions?: readonly string[];
  /** Arguments of `openssl x509` that say how it is signed. */
  readonly digest?: readonly string[];
}

/** What a CA's certificate says, as a careful administrator writes it. */
export const caExtensions = (...more: readonly string[]): string[] => [
  'basicConstraints=critical,CA:TRUE',
  'keyUsage=critical,keyCertSign,cRLSign',
  'subjectKeyIdentifier=hash',
  ...more,
];
export const issuingExtensions = [
  'basicConstraints=critical,CA:TRUE,pathlen:0',
  'keyUsage=critical,keyCertSign,cRLSign',
  'subjectKeyIdentifier=hash',
  'authorityKeyIdentifier=keyid:always',
];
const ecKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];

/** A customer's CA, by the openssl command line alone. */
export class CustomerCa {
  readonly work = new WorkFolder();
  #made = 0;

  /** A self-signed root; its files are `{name}.key` and `{name}.pem`. */
  root(
    name: string,
    { subject = `/O=Acme/CN=${name}`, key = ecKey, days = 3650, extensions = caExtensions(), digest = ['-sha256'] }: CaOptions = {},
  ): string {
    this.request(name, subject, key);
    return this.#sign(name, ['-signkey', `${name}.key`], days, extensions, digest);
  }

  /** A CA below `by`, with a key of its own. */
  intermediate(
    name: string,
    by: string,
    {
      subject = `/O=Acme/CN=${name}`,
      key = ecKey,
      days = 3000,
      extensions = caExtensions('authorityKeyIdentifier=keyid'),
      digest = ['-sha256'],
    }: CaOptions = {},
  ): string {
    this.request(name, subject, key);
    return this.#sign(name, ['-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial'], days, extensions, digest);
  }

  /** Signs a request that came from a station. */
  sign(csr: string, by: string, { days = 1825, extensions = issuingExtensions, digest = ['-sha256'] }: CaOptions = {}): string {
    const name = `signed-${String(++this.#made)}`;
    this.work.write(`${name}.csr`, csr);
    return this.#sign(name, ['-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial'], days, extensions, digest);
  }

  request(name: string, subject: string, key: readonly string[] = ecKey): void {
    this.#must('req', '-new', ...key, '-nodes', '-keyout', `${name}.key`, '-subj', subject, '-out', `${name}.csr`);
  }

  #sign(name: string, by: readonly string[], days: number, extensions: readonly string[], digest: readonly string[]): string {
    this.work.write(`${name}.ext`, `${extensions.join('\n')}\n`);
    this.#must(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      ...by,
      '-days',
      String(days),
      ...digest,
      '-extfile',
      `${name}.ext`,
      '-out',
      `${name}.pem`,
    );
    return this.read(`${name}.pem`);
  }

  read(name: string): string {
    return this.work.bytes('x509', '-in', name).toString();
  }

  /** A revocation list of `by`, PEM, that names these certificates. */
  crl(
    by: string,
    number: string | null,
    { days = 30, revoked = [], digest = [] }: { days?: number; revoked?: readonly string[]; digest?: readonly string[] } = {},
  ): string {
    const lines = revoked.map((serial) => `R\t301231000000Z\t250101000000Z\t${serial}\tunknown\t/CN=x\n`);
    this.work.write('index', lines.join(''));
    this.work.write('crlnumber', `${number ?? '01'}\n`);
    const extensions = number === null ? '' : 'crl_extensions=crl\ncrlnumber=crlnumber\n';
    this.work.write(
      'ca.cnf',
      `[ca]\ndefault_ca=this\n[this]\ndatabase=index\ndefault_md=default\n${extensions}certificate=${by}.pem\nprivate_key=${by}.key\n[crl]\nauthorityKeyIdentifier=keyid:always\n`,
    );
    return this.work.bytes('ca', '-config', 'ca.cnf', '-gencrl', '-crldays', String(days), ...digest).toString();
  }

  #must(...args: readonly string[]): void {
    const { ok, text } = this.work.openssl(...args);
    if (!ok) throw new Error(`openssl ${args.join(' ')}: ${text}`);
  }

  remove(): void {
    this.work.remove();
  }
}
