import { create } from 'zustand';

type Theme = 'dark' | 'light';

const key = { theme: 'birthmark.theme', muted: 'birthmark.muted' } as const;

const systemTheme = (): Theme => (matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark');

const chosenTheme = (): Theme | null => {
  const kept = localStorage.getItem(key.theme);
  return kept === 'dark' || kept === 'light' ? kept : null;
};

interface Preferences {
  readonly theme: Theme;
  readonly muted: boolean;
}

/** What this window remembers about how it looks and sounds. The theme follows the system until a person chooses. */
export const usePreferences = create<Preferences>(() => ({
  theme: chosenTheme() ?? systemTheme(),
  muted: localStorage.getItem(key.muted) === 'yes',
}));

const paint = (theme: Theme): void => {
  document.documentElement.dataset['theme'] = theme;
  usePreferences.setState({ theme });
};

export function toggleTheme(): void {
  const next = usePreferences.getState().theme === 'dark' ? 'light' : 'dark';
  if (next === systemTheme()) localStorage.removeItem(key.theme);
  else localStorage.setItem(key.theme, next);
  paint(next);
}

export function toggleSound(): void {
  const muted = !usePreferences.getState().muted;
  localStorage.setItem(key.muted, muted ? 'yes' : 'no');
  usePreferences.setState({ muted });
}

/** Paints the theme and follows the system as long as nobody has chosen. */
export function followTheme(): void {
  paint(usePreferences.getState().theme);
  matchMedia('(prefers-color-scheme: light)').addEventListener('change', () => paint(chosenTheme() ?? systemTheme()));
}
