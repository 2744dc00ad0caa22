import type { Role } from '../../src-main/contract/models.ts';

export const workplaces = ['line', 'security', 'registry'] as const;
export type Workplace = (typeof workplaces)[number];

/** The function key of each workplace; fixed, whatever the role shows. */
export const workplaceKeys: Readonly<Record<Workplace, string>> = { line: 'F1', security: 'F2', registry: 'F4' };

const seenBy: Readonly<Record<Role, readonly Workplace[]>> = {
  technician: ['line', 'registry'],
  officer: ['line', 'security', 'registry'],
  support: ['registry'],
};

/** What a role sees, in the order of the rail. The station enforces the roles; this only hides. */
export const visibleTo = (role: Role): readonly Workplace[] => seenBy[role];

/** The workplace to show: the wanted one if the role sees it, otherwise the role's first. */
export function landing(role: Role, wanted: Workplace): Workplace {
  const seen = visibleTo(role);
  return seen.includes(wanted) ? wanted : (seen[0] ?? 'registry');
}
