import { create } from 'zustand';
import type { PinRequest, Selector } from '../../src-main/contract/calls.ts';
import { useStation, setWorkplace } from './station.ts';
import { visibleTo, type Workplace } from './workplaces.ts';

export type OpenDialog =
  | { readonly kind: 'session' }
  | { readonly kind: 'pin'; readonly request: PinRequest }
  | { readonly kind: 'revoke'; readonly selector: Selector | null }
  /** `then`: what an officer was wanted for; it goes on when one has signed in. */
  | { readonly kind: 'sign-in'; readonly then: (() => void) | null }
  | { readonly kind: 'order' }
  | { readonly kind: 'broker' };

/** At most one dialog is open, whoever asked for it. */
export const useDialogs = create<{ readonly open: OpenDialog | null }>(() => ({ open: null }));

export const openDialog = (open: OpenDialog): void => useDialogs.setState({ open });
export const closeDialog = (): void => useDialogs.setState({ open: null });

const isOfficer = (): boolean => useStation.getState().status?.operator?.role === 'officer';

const mayDo = (workplace: Workplace): boolean => {
  const operator = useStation.getState().status?.operator;
  return operator !== null && operator !== undefined && visibleTo(operator.role).includes(workplace);
};

/** Goes to a workplace, or asks for somebody who may. */
export function goTo(workplace: Workplace): void {
  if (mayDo(workplace)) setWorkplace(workplace);
  else openDialog({ kind: 'sign-in', then: () => goTo(workplace) });
}

/** Opens the form of a new work order, or asks for an officer. */
export function askForOrder(): void {
  openDialog(isOfficer() ? { kind: 'order' } : { kind: 'sign-in', then: askForOrder });
}

/** Opens the signing-session dialog, or asks for an officer; shows the session that is open already. */
export function askForSession(): void {
  const session = useStation.getState().status?.session ?? null;
  if (!isOfficer()) openDialog({ kind: 'sign-in', then: askForSession });
  else if (session === null) openDialog({ kind: 'session' });
  else goTo('security');
}
