import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { CrlSigner } from '../../src-main/station/ca/index.ts';
import { assembleCertificate, buildRootTbs, crlUri, newSerial, readCertificate } from '../../src-main/station/ca/index.ts';
import { keyIdentifier, readPublicKeyInfo, spkiOf } from '../../src-main/der/index.ts';
import { CrlBuilder } from '../../src-main/station/publication/index.ts';
import { unwrap } from '../../src-main/contract/index.ts';
import { order, TestRegistry } from './registry.ts';

/** A registry with an issuer whose key is in this process, and the builders of its CRLs. */
export class TestCrls extends TestRegistry {
  readonly pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly issuer: string;
  lifetimeMs = 24 * 3_600_000;
  /** Thrown by the token when it is asked to sign. */
  tokenFails: Error | null = null;
  /** Thrown when a CRL is begun. */
  session: Error | null = null;
  readonly #partitions: number;

  constructor(partitions = 1) {
    super();
    this.#partitions = partitions;
    this.issuer = 'device-2';
    const spki = spkiOf(this.pair.publicKey);
    const now = this.clock.now();
    const draft = buildRootTbs({ subject: { commonName: 'Issuer' }, spki, serial: newSerial(), now, days: 3650 });
    const certificate = assembleCertificate(draft.tbs, { algorithm: 'ec-p256' }, sign('sha256', draft.tbs, this.pair.privateKey));
    const facts = readCertificate(certificate);
    this.registry.store.transaction(() =>
      this.registry.issuers.add(
        {
          id: this.issuer,
          kind: 'issuing',
          subject: 'Issuer',
          algorithm: 'ec-p256',
          ckaId: '02',
          spkiSha256: facts.spkiSha256,
          keyId: keyIdentifier(readPublicKeyInfo(spki).bits).toString('hex'),
          certificate,
          fingerprint: facts.fingerprint,
          notBefore: facts.notBefore,
          notAfter: facts.notAfter,
          proof: [],
          partitions,
        },
        'test',
      ),
    );
  }

  builder(partition = 0): CrlBuilder {
    return new CrlBuilder({
      registry: this.registry,
      issuer: unwrap(this.registry.issuers.get(this.issuer), 'the issuer was added'),
      partition,
      distributionPoint: crlUri('http://crl.test.example', this.issuer, partition),
      dataDir: this.dir,
      sign: () => this.#signer(),
      grantedBy: () => 'Olga',
      lifetimeMs: () => this.lifetimeMs,
      clock: this.clock,
    });
  }

  /** A certificate of this issuer, revoked when `revoked` is not false. */
  certificate(more: { notAfter?: string; partition?: number; revoked?: boolean } = {}): string {
    const { notAfter = '2027-06-01T00:00:00.000Z', partition = 0, revoked = true } = more;
    if (partition >= this.#partitions) throw new Error('the issuer does not have so many partitions');
    const serial = newSerial();
    const names = { serial, issuer: this.issuer, partition, use: 'device' as const, device: `acme/${serial.slice(0, 8)}`, run: null };
    const record = { order: order.id, spkiSha256: randomBytes(32).toString('hex'), notBefore: '2026-06-01T00:00:00.000Z', notAfter };
    this.registry.certificates.reserve({ ...names, ...record }, 'test');
    this.sign(serial);
    if (revoked) this.revoke(serial);
    return serial;
  }

  /** A millisecond later than whatever was before: entries stand in this order. */
  revoke(serial: string): void {
    this.clock.pass(1);
    this.registry.certificates.revoke(serial, 'superseded', '', 'test');
  }

  #signer(): CrlSigner {
    const pieces: Buffer[] = [];
    return {
      begin: () => (this.session === null ? Promise.resolve() : Promise.reject(this.session)),
      append: (chunk) => Promise.resolve(void pieces.push(Buffer.from(chunk))),
      finish: () =>
        this.tokenFails === null
          ? Promise.resolve(sign('sha256', Buffer.concat(pieces), this.pair.privateKey))
          : Promise.reject(this.tokenFails),
    };
  }
}
