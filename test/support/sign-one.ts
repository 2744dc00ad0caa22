import { buildDeviceTbs, checkCsr, crlUri, newSerial } from '../../src-main/station/ca/index.ts';
import type { WorkFolder } from './openssl.ts';
import { crlBase, shippedProfile, type MadeAuthority, type SignerBench } from './signer.ts';

/** A device's certificate, signed by this issuer in the session that is open. */
export function signOne(bench: SignerBench, by: MadeAuthority, work: WorkFolder): Promise<{ signature: Uint8Array }> {
  const profile = shippedProfile('device');
  const { spki } = checkCsr(work.request('unit'), profile);
  const { tbs } = buildDeviceTbs({
    issuer: by.issuer,
    profile,
    spki,
    subject: { tenant: 'acme', device: 'T2-1' },
    serial: newSerial(),
    now: bench.clock.now(),
    crlUri: crlUri(crlBase, 'i'),
  });
  return bench.client('sign.certificate', { key: by.proof.key, profile: 'device', tbs });
}
