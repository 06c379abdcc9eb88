import { closestMatch } from 'leven';

/**
 * A keyword for an object's schema: names that callers use by mistake, mostly those of similar products, and the
 * correct field for each: `{ url: 'endpoint_url' }`. It accepts no more data; the refusal of the field contains the
 * correct name.
 */
export const hintsKeyword = 'x-field-hints';

/**
 * Returns the field of `schema` that a caller who wrote `name` most probably meant: by {@link hintsKeyword}, by another
 * spelling of the same words (`endpointUrl`), or by a typing error (one letter in three). Undefined if no field is
 * similar.
 */
export function meantField(name: string, schema: unknown): string | undefined {
  const fields = Object.keys(membersOf(schema, 'properties'));
  const hints = Object.entries(membersOf(schema, hintsKeyword));
  const [, hinted] = hints.find(([wrong]) => plain(wrong) === plain(name)) ?? [];
  return (
    hinted ??
    fields.find((field) => plain(field) === plain(name) || sorted(field) === sorted(name)) ??
    closestMatch(name, fields, { maxDistance: Math.floor(name.length / 3) })
  );
}

/**
 * Checks the value of {@link hintsKeyword} when a schema is compiled. Throws Error for a hint to a field that the
 * schema does not have, or from one that it has.
 */
export function checkHints(schema: unknown): void {
  const fields = Object.keys(membersOf(schema, 'properties'));
  for (const [wrong, meant] of Object.entries(membersOf(schema, hintsKeyword))) {
    if (fields.includes(meant) && !fields.includes(wrong)) continue;
    throw new Error(
      `${hintsKeyword}: '${wrong}' must be no field and '${meant}' must be one of ${fields.join(', ')}`,
    );
  }
}

function membersOf(schema: unknown, keyword: string): Readonly<Record<string, string>> {
  const members: unknown =
    typeof schema === 'object' && schema !== null ? Reflect.get(schema, keyword) : undefined;
  return (typeof members === 'object' && members !== null ? members : {}) as Record<string, string>;
}

const sorted = (name: string): string => [...name].sort().join('');

const plain = (name: string): string => name.replace(/[-_]/g, '').toLowerCase();
