import { type Workplace, workplaceKeys, workplaces } from './workplaces.ts';

export type Command =
  | { readonly kind: 'workplace'; readonly workplace: Workplace }
  | { readonly kind: 'slot'; readonly slot: number }
  | { readonly kind: 'revoke' }
  | { readonly kind: 'session' };

/** The part of a keyboard event that decides. */
export interface KeyPress {
  readonly key: string;
  readonly repeat: boolean;
  readonly modified: boolean;
  /** The focus is in a field: letters and digits belong to it. */
  readonly typing: boolean;
  /** A dialog or menu is open: it has the keyboard. */
  readonly covered: boolean;
}

/** Key → command at a workplace; null where the key means nothing. */
export function commandFor(press: KeyPress, at: Workplace, visible: readonly Workplace[]): Command | null {
  if (press.repeat || press.modified || press.covered) return null;
  const workplace = workplaces.find((one) => workplaceKeys[one] === press.key);
  if (workplace !== undefined) return visible.includes(workplace) ? { kind: 'workplace', workplace } : null;
  if (press.typing) return null;
  if (at === 'line' && /^[1-9]$/u.test(press.key)) return { kind: 'slot', slot: Number(press.key) };
  if (at === 'security' && press.key.toLowerCase() === 'r') return { kind: 'revoke' };
  if (at === 'security' && press.key.toLowerCase() === 'o') return { kind: 'session' };
  return null;
}
