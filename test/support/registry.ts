import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../../src-main/station/clock.ts';
import { openRegistry, type Registry } from '../../src-main/station/registry/index.ts';

/** A clock that a test sets. */
export class FakeClock implements Clock {
  ms = Date.parse('2026-06-01T08:00:00.000Z');
  now(): number {
    return this.ms;
  }
  pass(ms: number): void {
    this.ms += ms;
  }
}

export const order = {
  id: 'ORDER-1',
  tenant: 'acme',
  product: 'Sensor',
  deviceProfile: 'reference-agent',
  certificateProfile: 'device',
  quantity: 100,
  idPrefix: 'S-',
};

export const issuerId = 'device-1';
const hex = (bytes: number): string => randomBytes(bytes).toString('hex');

/** Bytes of a certificate as far as central records look into one: the issuer's key identifier and the common name. */
export function pretendCertificate(keyId: string, commonName: string, bytes = 16): { readonly der: Buffer; readonly fingerprint: string } {
  const der = Buffer.concat([randomBytes(bytes), Buffer.from(`30168014${keyId}`, 'hex'), Buffer.from(commonName)]);
  return { der, fingerprint: createHash('sha256').update(der).digest('hex') };
}

/** An empty registry with one issuer and one work order. */
export class TestRegistry {
  readonly dir = mkdtempSync(join(tmpdir(), 'birthmark-registry-'));
  readonly clock = new FakeClock();
  registry: Registry;

  constructor() {
    this.registry = openRegistry(this.dir, this.clock);
    this.registry.store.transaction(() => {
      const dates = { notBefore: '2026-01-01T00:00:00.000Z', notAfter: '2036-01-01T00:00:00.000Z' };
      const made = {
        subject: 'CA',
        algorithm: 'ec-p256' as const,
        ckaId: '01',
        spkiSha256: hex(32),
        keyId: hex(20),
        certificate: randomBytes(8),
        fingerprint: hex(32),
        proof: [],
      };
      this.registry.issuers.add({ id: issuerId, kind: 'issuing', ...made, ...dates }, 'test');
      this.registry.runs.createOrder(order, 'test');
    });
  }

  /** A run that has come as far as a reserved (or signed) certificate. */
  run(more: { hardwareId?: string; signed?: boolean; notAfter?: string } = {}): { run: string; device: string; serial: string } {
    const { registry } = this;
    const { hardwareId = `HW-${hex(4)}`, signed = true, notAfter = '2027-06-01T00:00:00.000Z' } = more;
    const run = crypto.randomUUID();
    registry.runs.start(run, 1, order.id, 'Tess');
    registry.runs.journal(run, 'identify', 'begin');
    const { device } = registry.devices.register({ hardwareId, model: 'S1', firmware: '1', locked: false }, order, 'line');
    registry.runs.bind(run, hardwareId, device);
    registry.runs.plan(run, 'device-connected', []);
    const serial = this.reserve(device, run, notAfter);
    if (signed) this.sign(serial);
    return { run, device, serial };
  }

  reserve(device: string, run: string | null = null, notAfter = '2027-06-01T00:00:00.000Z', serial = hex(20).toUpperCase()): string {
    const names = { serial, issuer: issuerId, partition: 0, use: 'device' as const, device, run, order: order.id, spkiSha256: hex(32) };
    this.registry.certificates.reserve({ ...names, notBefore: '2026-06-01T00:00:00.000Z', notAfter }, 'Tess');
    return serial;
  }

  sign(serial: string): void {
    const { certificates, issuers } = this.registry;
    const { der, fingerprint } = pretendCertificate(issuers.get(issuerId)?.keyId ?? '', certificates.get(serial)?.device ?? '');
    certificates.signed(serial, der, fingerprint, 'Tess');
  }

  status(serial: string): string | undefined {
    return this.registry.certificates.get(serial)?.status;
  }

  reopen(): Registry {
    this.registry.close();
    this.registry = openRegistry(this.dir, this.clock);
    return this.registry;
  }

  dispose(): void {
    this.registry.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
