import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
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

/** `YYYYMMDDHHMMSSZ`, as openssl takes dates. */
const time = (date: Date): string => `${date.toISOString().replace(/[-:T]/gu, '').slice(0, 14)}Z`;

function openssl(args: readonly string[], cwd: string): Buffer {
  return execFileSync('openssl', args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 64 << 20 });
}

export class TestCa {
  readonly name: string;
  readonly certificatePem: string;
  readonly keyPem: string;
  private readonly dir: string;
  private nextSerial = 0x1000;

  /** Self-signed, or signed by `parent`. */
  constructor(name: string, parent?: TestCa) {
    this.name = name;
    this.dir = mkdtempSync(join(tmpdir(), 'birthmark-pki-'));
    mkdirSync(join(this.dir, 'new'));
    openssl(['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', 'ca.key'], this.dir);
    this.keyPem = readFileSync(join(this.dir, 'ca.key'), 'utf8');
    if (parent === undefined) {
      const extensions = ['basicConstraints=critical,CA:true', 'keyUsage=critical,keyCertSign,cRLSign'];
      openssl(
        [
          'req',
          '-x509',
          '-new',
          '-key',
          'ca.key',
          '-subj',
          `/CN=${name}`,
          '-days',
          '3650',
          '-out',
          'ca.pem',
          ...extensions.flatMap((e) => ['-addext', e]),
        ],
        this.dir,
      );
    } else {
      writeFileSync(
        join(this.dir, 'ca.pem'),
        parent.sign(`/CN=${name}`, this.keyPem, 'basicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign', {})
          .certificatePem,
      );
    }
    this.certificatePem = readFileSync(join(this.dir, 'ca.pem'), 'utf8');
  }

  /** A certificate for a new EC P-256 key; `commonName` may contain `/`. */
  issue(commonName: string, options: IssueOptions = {}): TestIdentity {
    const keyPem = openssl(['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'], this.dir).toString();
    const usage = options.kind === 'server' ? 'serverAuth' : 'clientAuth';
    const san = options.san === undefined ? '' : `\nsubjectAltName=${options.san}`;
    const extensions = `basicConstraints=critical,CA:false\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=${usage}${san}`;
    return this.sign(`/CN=${commonName.replace('/', '\\/')}`, keyPem, extensions, options);
  }

  /** A CRL as PEM, with number and authority key identifier. */
  crl(options: CrlOptions): string {
    const revokedAt = time(new Date(Date.now() - hour)).slice(2);
    const until = time(new Date(Date.now() + 365 * 24 * hour)).slice(2);
    writeFileSync(
      join(this.dir, 'crl.db'),
      (options.revoked ?? []).map((serial) => `R\t${until}\t${revokedAt},keyCompromise\t${serial}\tunknown\t/CN=x\n`).join(''),
    );
    writeFileSync(
      join(this.dir, 'crlnumber'),
      options.number
        .toString(16)
        .toUpperCase()
        .padStart(options.number > 255 ? 4 : 2, '0'),
    );
    const times = [
      '-crl_lastupdate',
      time(options.thisUpdate ?? new Date(Date.now() - 60_000)),
      '-crl_nextupdate',
      time(options.nextUpdate ?? new Date(Date.now() + 24 * hour)),
    ];
    return openssl(['ca', '-config', this.config('crl.db'), '-gencrl', ...times], this.dir).toString();
  }

  private sign(subject: string, keyPem: string, extensions: string, options: IssueOptions): TestIdentity {
    const serial = (this.nextSerial++).toString(16).toUpperCase();
    writeFileSync(join(this.dir, 'one.key'), keyPem);
    writeFileSync(join(this.dir, 'serial'), serial);
    writeFileSync(join(this.dir, 'issue.db'), '');
    writeFileSync(join(this.dir, 'ext.cnf'), `${extensions}\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid:always\n`);
    openssl(['req', '-new', '-key', 'one.key', '-subj', subject, '-out', 'one.csr'], this.dir);
    const times = [
      '-startdate',
      time(options.notBefore ?? new Date(Date.now() - hour)),
      '-enddate',
      time(options.notAfter ?? new Date(Date.now() + 365 * 24 * hour)),
    ];
    openssl(
      ['ca', '-batch', '-notext', '-config', this.config('issue.db'), '-extfile', 'ext.cnf', '-in', 'one.csr', '-out', 'one.pem', ...times],
      this.dir,
    );
    return { certificatePem: readFileSync(join(this.dir, 'one.pem'), 'utf8'), keyPem, serial };
  }

  private config(database: string): string {
    const text = `[ca]\ndefault_ca=d\n[d]\ndir=.\ndatabase=${database}\nserial=serial\ncrlnumber=crlnumber\nnew_certs_dir=new\ncertificate=ca.pem\nprivate_key=ca.key\ndefault_md=sha256\npolicy=p\nunique_subject=no\ncrl_extensions=c\n[p]\ncommonName=supplied\n[c]\nauthorityKeyIdentifier=keyid:always\n`;
    writeFileSync(join(this.dir, 'ca.cnf'), text);
    return 'ca.cnf';
  }
}
