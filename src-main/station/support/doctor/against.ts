import { z } from 'zod';
import { readCrl } from '../../ca/index.ts';
import type { CrlBuilder, CrlSet } from '../../publication/index.ts';
import type { Registry, SignerList } from '../../registry/index.ts';

interface Check {
  readonly checked: number;
  readonly problems: string[];
}

/**
 * The lists against the registry: what the newest list of each issuer and the signer's memory revoke, the registry must revoke as well, and its
 * newest list must be there. Whoever edits the registry cannot edit a signature.
 */
export function listProblems(registry: Registry, crls: CrlSet, remembered: readonly SignerList[]): Check {
  const revoked = new Set(registry.store.values(z.string(), 'SELECT serial FROM revocations').all());
  let checked = 0;
  const problems: string[] = [];
  const compare = (serials: Iterable<string>, where: string): void => {
    for (const serial of serials) {
      checked++;
      if (!revoked.has(serial)) problems.push(`serial ${serial} is revoked in ${where}, and not in the registry`);
    }
  };
  for (const builder of crls.builders()) {
    const { issuer, partition } = builder.scope;
    const list = partition === 0 ? issuer : `${issuer}, partition ${String(partition)}`;
    const file = builder.newestFile();
    const crl = file === null ? null : readCrl(file);
    const number = builder.newest()?.number ?? 0;
    if ((crl?.number ?? 0) !== number) problems.push(`list ${String(number)} of ${list} is not in the folder crl`);
    if (crl !== null)
      compare(
        Array.from(crl.entries(), ({ serial }) => serial),
        `list ${String(crl.number)} of ${list}`,
      );
    for (const one of remembered.filter((other) => isOf(builder, other))) {
      compare(one.serials, `list ${String(one.number)} of ${list}, as the signer remembers it`);
      if (one.number > registry.crls.lastNumber(builder.scope))
        problems.push(`the signer signed list ${String(one.number)} of ${list}, and the registry does not know it`);
    }
  }
  return { checked, problems: [...new Set(problems)] };
}

const isOf = (builder: CrlBuilder, { spkiSha256, uri }: SignerList): boolean =>
  spkiSha256 === builder.issuer.spkiSha256 && builder.isAt(uri);

const Operator = z.object({ name: z.string(), role: z.string(), added: z.string().nullable() });

/** Operators against the audit log: nobody may sign in whom nobody added, or in another role. */
export function operatorProblems(registry: Registry): Check {
  const all = registry.store
    .query(
      Operator,
      `SELECT name, role, (SELECT json_extract(detail, '$.role') FROM audit WHERE action = 'operator.add' AND subject = name ORDER BY seq DESC LIMIT 1) AS added
       FROM operators ORDER BY name`,
    )
    .all();
  return {
    checked: all.length,
    problems: all
      .filter(({ role, added }) => role !== added)
      .map(({ name, role, added }) =>
        added === null ? `the audit log does not say who added ${name}` : `${name} is ${role}, and was added as ${added}`,
      ),
  };
}
