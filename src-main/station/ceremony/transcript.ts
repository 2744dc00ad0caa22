import { createHash } from 'node:crypto';
import { transcriptStart, unwrap } from '../../contract/index.ts';
import { certificateToPem, readCertificate } from '../ca/index.ts';
import { hashFor } from '../../der/index.ts';
import type { TranscriptSignature } from '../registry/index.ts';
import type { CeremonyContext } from './context.ts';
import { planHash } from './plan.ts';
import { details, leaves, stepsOf, type LeafName } from './steps.ts';

export const transcriptFormat = 1;

/** Who, when, what, with hashes and the keys' attributes: the text that the new keys sign, byte for byte. */
export function transcriptText(context: CeremonyContext, startedBy: string, startedAt: string): string {
  const { plan, journal, parts } = context;
  const { registry } = parts;
  const titles = new Map(stepsOf(plan).map(({ id, title }) => [id, title]));
  const made = context.allMade();
  const body = {
    format: transcriptFormat,
    ceremony: { id: context.id, name: plan.name, reason: plan.reason, planSha256: planHash(plan) },
    station: registry.settings.get('name') ?? '',
    startedBy,
    startedAt,
    writtenAt: registry.now(),
    officers: (journal.done('officers', details.officers)?.confirmed ?? []).map(({ name, at }) => ({ name, at })),
    token: unwrap(journal.done('token', details.token), 'the token was proven in a step before'),
    module: plan.module.path,
    keys: made.map(({ planned, proof }) => ({
      role: planned.role,
      ckaId: proof.key.ckaId,
      spkiSha256: proof.key.spkiSha256,
      algorithm: proof.algorithm,
      attributes: proof.attributes,
    })),
    certificates: made.map(({ planned, certificate, chain }) => ({
      role: planned.role,
      issuer: planned.id,
      signedBy: planned.signedBy,
      ...factsOf(certificate),
      pem: certificateToPem(certificate),
      above: chain.map((one) => ({ sha256: sha256(one), pem: certificateToPem(one) })),
    })),
    ownCertificates: (Object.keys(leaves) as LeafName[]).flatMap((leaf) => {
      const done = journal.done(`leaf:${leaf}`, details.certificate);
      return done === null ? [] : [{ use: leaf, ...factsOf(done.certificate) }];
    }),
    revocationLists: journal.done('crl', details.crl)?.crls ?? [],
    steps: journal.lines.map(({ step, phase, at, by }) => ({ step, title: titles.get(step) ?? step, phase, at, by })),
    auditHead: registry.store.auditHead(),
  };
  return `${transcriptStart}${JSON.stringify(body, null, 2).slice(2)}\n`;
}

function factsOf(certificate: Uint8Array): Record<string, string> {
  const { subject, serial, fingerprint, notBefore, notAfter } = readCertificate(certificate);
  return { subject, serial, sha256: fingerprint, notBefore, notAfter };
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
export const transcriptHash = (text: string): string => sha256(Buffer.from(text, 'utf8'));

/** Signed with every key that the ceremony has made. */
export async function signTranscript(context: CeremonyContext, text: string): Promise<TranscriptSignature[]> {
  const signatures: TranscriptSignature[] = [];
  for (const { planned, proof } of context.allMade()) {
    const transcript = Buffer.from(text, 'utf8');
    const { signature } = await context.parts.signer('sign.transcript', { key: proof.key, transcript });
    signatures.push({
      role: planned.role,
      spkiSha256: proof.key.spkiSha256,
      hash: hashFor(proof.algorithm),
      signature: Buffer.from(signature).toString('base64'),
    });
  }
  return signatures;
}
