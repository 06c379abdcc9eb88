import type { FunctionComponent } from 'react';
import type { Entry } from './entry.ts';

/** One page of a screen. Its module is loaded when somebody opens it, and exports the component `Page`. */
export type PageRoute = Readonly<{
  /** With parameters as `$id`. The portal's pages have the same paths below `/portal`. */
  path: string;
  /** The search parameters of the page; others are dropped from the URL. */
  filters?: Readonly<{ read: (search: Readonly<Record<string, unknown>>) => object }>;
  load: () => Promise<Readonly<{ Page: FunctionComponent }>>;
}>;

/** The place of a screen in the navigation. */
export type NavItem = Readonly<{
  /** One for both applications, or one for each. */
  label: string | Readonly<Record<Entry, string>>;
  group: 'traffic' | 'registry' | 'operation' | 'settings';
  /** Ascending within the group; leave gaps of ten. */
  order: number;
}>;

/** A screen: a folder under `screens/` whose `screen.ts` exports a value of this type as `screen`. */
export type Screen = Readonly<{
  entries: readonly Entry[];
  /** Scope without which the screen is not in the navigation; its pages then say that the key may not see it. */
  scope?: string;
  nav?: NavItem;
  pages: readonly PageRoute[];
}>;

/** Declares a screen. */
export const defineScreen = (screen: Screen): Screen => screen;
