import { unwrap } from '../../contract/index.ts';
import { partitionOf, readCertificate } from '../ca/index.ts';
import { installIdentities } from '../setup/index.ts';
import type { Registry } from '../registry/index.ts';
import { revokeCertificate } from '../revocation/index.ts';
import type { CeremonyContext, MadeAuthority } from './context.ts';
import { recipes } from './own-certificates.ts';
import { details, leaves, type LeafName } from './steps.ts';

/** The one moment in which the new issuers come into force: they, the station's own certificates, and the end of those before them. */
export function recordStep(context: CeremonyContext, actor: string): void {
  const { registry, dataDir } = context.parts;
  registry.store.transaction(() => {
    recordStation(context, actor);
    for (const made of context.allMade()) recordIssuer(registry, made, actor);
    for (const leaf of Object.keys(leaves) as LeafName[]) recordLeaf(context, leaf, actor);
    context.write('record', 'done', {}, actor);
  });
  installIdentities(dataDir);
}

function recordStation({ plan, journal, parts: { registry } }: CeremonyContext, actor: string): void {
  const { store, settings, operators, runs } = registry;
  if (plan.station === null) return;
  const { name, tryOut, brokerPort, slots, order } = plan.station;
  const { label, serial } = unwrap(journal.done('token', details.token), 'the token was proven in a step before');
  const token = { label, serial };
  settings.set('name', name);
  settings.set('tryOut', tryOut);
  settings.set('module', plan.module);
  settings.set('token', token);
  settings.set('slots', slots);
  settings.set('brokerPort', brokerPort);
  settings.set('crlBase', plan.crlBase);
  store.audit(actor, 'station.set-up', name, { token, tryOut });
  for (const operator of plan.station.operators) operators.addHashed(operator.name, operator.role, operator.hash, actor);
  const confirmed = journal.done('officers', details.officers)?.confirmed ?? [];
  for (const officer of confirmed) operators.addHashed(officer.name, 'officer', officer.hash, actor);
  if (order === null) return;
  runs.createOrder(order, actor);
  settings.set('order', order.id);
  settings.set('order.actor', actor);
}

/** An issuer takes over from the one of its kind before it, which signs revocation lists until its last certificate has expired. */
function recordIssuer({ issuers }: Registry, { planned, proof, certificate, chain, issuer }: MadeAuthority, actor: string): void {
  for (const { id, kind, state } of issuers.all()) if (kind === planned.role && state === 'active') issuers.retire(id, actor);
  const facts = readCertificate(certificate);
  issuers.add(
    {
      id: planned.id,
      kind: planned.role,
      subject: facts.commonName,
      algorithm: proof.algorithm,
      ckaId: proof.key.ckaId,
      spkiSha256: proof.key.spkiSha256,
      keyId: Buffer.from(issuer.keyId).toString('hex'),
      certificate,
      fingerprint: facts.fingerprint,
      notBefore: facts.notBefore,
      notAfter: facts.notAfter,
      proof: proof.attributes,
      chain,
      partitions: planned.partitions,
    },
    actor,
  );
}

function recordLeaf(context: CeremonyContext, leaf: LeafName, actor: string): void {
  const { journal, parts } = context;
  const { certificates } = parts.registry;
  const { use } = recipes[leaf];
  const planned = context.planned(leaves[leaf].by);
  const done = journal.done(`leaf:${leaf}`, details.certificate);
  if (planned === null || done === null) return;
  const facts = readCertificate(done.certificate);
  for (const { detail } of journal.begun(`leaf:${leaf}`, details.leafDraft)) {
    const { serial, commonName: device, notBefore, notAfter, spkiSha256 } = detail;
    const partition = partitionOf(serial, planned.partitions);
    certificates.reserve(
      { serial, issuer: planned.id, partition, use, device, run: null, order: null, spkiSha256, notBefore, notAfter },
      actor,
    );
    if (serial !== facts.serial)
      revokeCertificate(parts.registry, serial, {
        reason: 'cessationOfOperation',
        note: 'the ceremony was interrupted while it was being signed',
        actor,
      });
  }
  certificates.signed(facts.serial, done.certificate, facts.fingerprint, actor);
  certificates.activate(facts.serial, actor);
  if (use === 'canary-revoked')
    revokeCertificate(parts.registry, facts.serial, {
      reason: 'cessationOfOperation',
      note: 'the canary that must be refused',
      actor,
    });
}
