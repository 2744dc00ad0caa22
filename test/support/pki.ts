import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A throw-away certificate with its key, made by the openssl CLI: an independent reader of what the product makes. */
export interface TestIdentity {
  readonly certificatePem: string;
  readonly keyPem: string;
  /** Upper-case hex, as openssl prints it. */
  readonly serial: string;
}

export interface IssueOptions {
  readonly kind?: 'client' | 'server';
  /** `DNS:localhost,IP:127.0.0.1` */
  readonly san?: string;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

export interface CrlOptions {
  readonly number: number;
  readonly revoked?: readonly string[];
  readonly thisUpdate?: Date;
  readonly nextUpdate?: Date;
}

const hour = 3_600_000;

/** A folder for one task of openssl. */
function inScratch<T>(work: (dir: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), 'birthmark-pki-'));
  try {
    return work(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** `YYYYMMDDHHMMSSZ`, as openssl takes dates. */
const time = (date: Date): string => `${date.toISOString().replace(/[-:T]/gu, '').slice(0, 14)}Z`;

function openssl(args: readonly string[], cwd: string): Buffer {
  return execFileSync('openssl', args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 64 << 20 });
}

const newKey = (): string => openssl(['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'], '.').toString();

const caExtensions = ['basicConstraints=critical,CA:true', 'keyUsage=critical,keyCertSign,cRLSign'];

/** A throw-away CA with an EC P-256 key. */
export class TestCa {
  readonly name: string;
  readonly certificatePem: string;
  readonly keyPem = newKey();
  private nextSerial = 0x1000;

  /** Self-signed, or signed by `parent`. */
  constructor(name: string, parent?: TestCa) {
    this.name = name;
    this.certificatePem =
      parent === undefined ? this.selfSigned() : parent.sign(`/CN=${name}`, this.keyPem, caExtensions, {}).certificatePem;
  }

  /** A certificate for a new EC P-256 key; `commonName` may contain `/`. */
  issue(commonName: string, options: IssueOptions = {}): TestIdentity {
    const usage = options.kind === 'server' ? 'serverAuth' : 'clientAuth';
    const san = options.san === undefined ? [] : [`subjectAltName=${options.san}`];
    const extensions = ['basicConstraints=critical,CA:false', 'keyUsage=critical,digitalSignature', `extendedKeyUsage=${usage}`, ...san];
    return this.sign(`/CN=${commonName.replace('/', '\\/')}`, newKey(), extensions, options);
  }

  /** A CRL as PEM, with number and authority key identifier. */
  crl(options: CrlOptions): string {
    const revokedAt = time(new Date(Date.now() - hour)).slice(2);
    const until = time(new Date(Date.now() + 365 * 24 * hour)).slice(2);
    const entries = (options.revoked ?? []).map((serial) => `R\t${until}\t${revokedAt},keyCompromise\t${serial}\tunknown\t/CN=x\n`);
    const number = options.number.toString(16).toUpperCase();
    const last = time(options.thisUpdate ?? new Date(Date.now() - 60_000));
    const next = time(options.nextUpdate ?? new Date(Date.now() + 24 * hour));
    return inScratch((dir) => {
      this.prepare(dir, entries.join(''));
      writeFileSync(join(dir, 'crlnumber'), number.padStart(number.length + (number.length % 2), '0'));
      return openssl(['ca', '-config', 'ca.cnf', '-gencrl', '-crl_lastupdate', last, '-crl_nextupdate', next], dir).toString();
    });
  }

  private selfSigned(): string {
    return inScratch((dir) => {
      writeFileSync(join(dir, 'ca.key'), this.keyPem);
      const extensions = caExtensions.flatMap((extension) => ['-addext', extension]);
      return openssl(
        ['req', '-x509', '-new', '-key', 'ca.key', '-subj', `/CN=${this.name}`, '-days', '3650', ...extensions],
        dir,
      ).toString();
    });
  }

  private sign(subject: string, keyPem: string, extensions: readonly string[], options: IssueOptions): TestIdentity {
    const serial = (this.nextSerial++).toString(16).toUpperCase();
    const start = time(options.notBefore ?? new Date(Date.now() - hour));
    const end = time(options.notAfter ?? new Date(Date.now() + 365 * 24 * hour));
    return inScratch((dir) => {
      this.prepare(dir, '');
      writeFileSync(join(dir, 'one.key'), keyPem);
      writeFileSync(join(dir, 'serial'), serial);
      writeFileSync(
        join(dir, 'ext.cnf'),
        [...extensions, 'subjectKeyIdentifier=hash', 'authorityKeyIdentifier=keyid:always', ''].join('\n'),
      );
      openssl(['req', '-new', '-key', 'one.key', '-subj', subject, '-out', 'one.csr'], dir);
      const request = ['-extfile', 'ext.cnf', '-in', 'one.csr', '-out', 'one.pem', '-startdate', start, '-enddate', end];
      openssl(['ca', '-batch', '-notext', '-config', 'ca.cnf', ...request], dir);
      return { certificatePem: readFileSync(join(dir, 'one.pem'), 'utf8'), keyPem, serial };
    });
  }

  /** What `openssl ca` wants to find; `database` lists what was revoked. */
  private prepare(dir: string, database: string): void {
    mkdirSync(join(dir, 'new'));
    writeFileSync(join(dir, 'ca.pem'), this.certificatePem);
    writeFileSync(join(dir, 'ca.key'), this.keyPem);
    writeFileSync(join(dir, 'database'), database);
    const files = [
      'database=database',
      'serial=serial',
      'crlnumber=crlnumber',
      'new_certs_dir=new',
      'certificate=ca.pem',
      'private_key=ca.key',
    ];
    const rules = ['default_md=sha256', 'policy=policy', 'unique_subject=no', 'crl_extensions=crl'];
    const sections = [
      '[ca]',
      'default_ca=this',
      '[this]',
      'dir=.',
      ...files,
      ...rules,
      '[policy]',
      'commonName=supplied',
      '[crl]',
      'authorityKeyIdentifier=keyid:always',
    ];
    writeFileSync(join(dir, 'ca.cnf'), `${sections.join('\n')}\n`);
  }
}
