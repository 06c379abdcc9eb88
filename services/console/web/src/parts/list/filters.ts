import { useNavigate, useSearch } from '@tanstack/react-router';

/** One search parameter: what of it is a valid value. */
export type FilterKind<T extends string> = Readonly<{
  accept: (text: string) => text is T;
  options?: readonly T[];
}>;

/** The search parameters of a page by name. */
export type Filters<T extends Readonly<Record<string, FilterKind<string>>>> = Readonly<{
  kinds: T;
  /** Returns the valid ones of these parameters. An invalid one is dropped, as if it were not there. */
  read: (search: Readonly<Record<string, unknown>>) => FilterValues<T>;
}>;

/** The values of filters: each is absent if it is not set. */
export type FilterValues<T extends Readonly<Record<string, FilterKind<string>>>> = Readonly<{
  [Name in keyof T]?: T[Name] extends FilterKind<infer V> ? V : never;
}>;

/** One of these values. */
export const oneOf = <const T extends string>(options: readonly T[]): FilterKind<T> => ({
  accept: (text): text is T => (options as readonly string[]).includes(text),
  options,
});

/** Any text up to this length. */
export const text = (maxLength = 256): FilterKind<string> => ({
  accept: (value): value is string => value.trim() !== '' && value.length <= maxLength,
});

/** Declares the search parameters of a page. Each is a deep link: the URL alone says what is shown. */
export function defineFilters<const T extends Readonly<Record<string, FilterKind<string>>>>(
  kinds: T,
): Filters<T> {
  return {
    kinds,
    read: (search) => {
      const valid = Object.entries(kinds).flatMap(([name, kind]) => {
        const value = search[name];
        return typeof value === 'string' && kind.accept(value) ? [[name, value] as const] : [];
      });
      return Object.fromEntries(valid) as FilterValues<T>;
    },
  };
}

/** Returns the values of a page's filters, and a function that changes some of them; undefined removes one. */
export function useFilters<T extends Readonly<Record<string, FilterKind<string>>>>(
  filters: Filters<T>,
): readonly [
  FilterValues<T>,
  (change: { readonly [Name in keyof FilterValues<T>]?: string | undefined }) => void,
] {
  const values = filters.read(useSearch({ strict: false }));
  const navigate = useNavigate();
  const change = (next: Readonly<Record<string, string | undefined>>): void => {
    void navigate({ to: '.', search: filters.read({ ...values, ...next }) as never, replace: true });
  };
  return [values, change];
}
