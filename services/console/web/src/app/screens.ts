import type { Screen } from './define-screen.ts';
import type { Entry } from './entry.ts';

// Every folder under screens/ is found here, so that adding one changes no file of another.
const found = import.meta.glob<Readonly<{ screen: Screen }>>('../screens/*/screen.ts', { eager: true });

/** Returns the screens of an application. */
export const screensOf = (entry: Entry): readonly Screen[] =>
  Object.values(found)
    .map(({ screen }) => screen)
    .filter(({ entries }) => entries.includes(entry));

/** Returns true if an application has a page at this path, such as `/subscriptions/$id`. */
export const hasPage = (entry: Entry, path: string): boolean =>
  screensOf(entry).some(({ pages }) => pages.some((page) => page.path === path));
