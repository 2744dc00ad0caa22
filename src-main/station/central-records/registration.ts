import { registrationText, type CallOutput, type SignerClient } from '../../contract/index.ts';
import { certificateToPem } from '../ca/index.ts';
import type { Registry } from '../registry/index.ts';

export interface RegistrationParts {
  readonly registry: Registry;
  readonly signer: SignerClient;
  /** Its ID in central databases. */
  readonly station: string;
  /** Besides those that the registry knows. */
  readonly tenants: readonly string[];
  readonly actor: string;
}

/**
 * The file for migrate.sh --registration: what is registered, then each CA with the signature by its key over the lines before the first of them,
 * and the CAs above. SESSION_REQUIRED and what the signer refuses.
 */
export async function registerRecords({
  registry,
  signer,
  station,
  tenants: added,
  actor,
}: RegistrationParts): Promise<CallOutput<'records.register'>> {
  const name = (registry.settings.get('name') ?? '').slice(0, 200);
  const tenants = [...new Set([...registry.devices.tenants(), ...added])].sort();
  const issuers = registry.issuers.signsCrls();
  const parts = [registrationText({ station, name, tenants })];
  for (const { kind, ckaId, spkiSha256, certificate } of issuers) {
    const { signature } = await signer('sign.registration', { key: { ckaId, spkiSha256 }, station, name, tenants });
    parts.push(`issuer ${kind}\n${certificateToPem(certificate)}signature ${Buffer.from(signature).toString('base64')}\n`);
  }
  const above = [...issuers.flatMap(({ chain }) => chain), ...issuers.map((issuer) => registry.issuers.anchorOf(issuer))];
  parts.push('above\n', ...new Set(above.map(certificateToPem)));
  const subjects = issuers.map(({ subject }) => subject);
  registry.store.transaction(() => registry.store.audit(actor, 'records.register', station, { tenants, issuers: subjects }));
  return { station, tenants, issuers: subjects, file: parts.join('') };
}
