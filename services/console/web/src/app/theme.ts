import { useSyncExternalStore } from 'react';

/** The colours: those of the system, or always light or dark. */
export type Theme = 'system' | 'light' | 'dark';

const storedAs = 'tidings-theme';
const listeners = new Set<() => void>();

/** Returns the chosen theme. */
function readTheme(): Theme {
  try {
    const stored = localStorage.getItem(storedAs);
    return stored === 'light' || stored === 'dark' ? stored : 'system';
  } catch {
    // The browser stores nothing for this page, as in a frame of another site.
    return 'system';
  }
}

let theme = readTheme();

/** Applies the chosen theme to the document. */
export function applyTheme(): void {
  const { dataset } = document.documentElement;
  if (theme === 'system') delete dataset['theme'];
  else dataset['theme'] = theme;
}

function setTheme(next: Theme): void {
  theme = next;
  try {
    localStorage.setItem(storedAs, next);
  } catch {
    // It lasts until the page is closed.
  }
  applyTheme();
  for (const listener of listeners) listener();
}

/** Returns the theme, and a function that changes it. */
export function useTheme(): readonly [Theme, (theme: Theme) => void] {
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  return [useSyncExternalStore(subscribe, () => theme), setTheme];
}
