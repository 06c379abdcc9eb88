import { textAtPointer } from './payload.ts';
import type { Hook } from './provider.ts';

/** Returns the schema of an option that says where a value is: in a header, by its name, or in the JSON, by a pointer. */
export const locatorOption = (what: string) =>
  ({
    type: 'string',
    minLength: 1,
    maxLength: 200,
    pattern: "^(/.*|[!#$%&'*+.^_`|~0-9A-Za-z-]+)$",
    description: `Where a request has ${what}: the name of a header, or a JSON pointer into the body, such as \`/data/id\`.`,
  }) as const;

/** Returns the value that the option locates; null without the option or the value. */
export function locate({ headers, payload, options }: Hook, option: string): string | null {
  const place = options[option];
  if (typeof place !== 'string') return null;
  return place.startsWith('/') ? textAtPointer(payload.value, place) : (headers.get(place) ?? null);
}

/** Returns the headers that these options name. */
export const headersIn = (options: Hook['options'], names: readonly string[]): readonly string[] =>
  names.flatMap((name) => {
    const place = options[name];
    return typeof place === 'string' && !place.startsWith('/') ? [place] : [];
  });
