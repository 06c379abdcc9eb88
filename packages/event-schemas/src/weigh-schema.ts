import { integerKeyword, integerKindOf } from './integer-kind.ts';
import { isJsonObject, keywordKind } from './schema-keywords.ts';

/** The keyword that carries a schema's weight. No user's schema can contain it: it would be refused as unknown. */
export const weightKeyword = 'tidings-weight';

// Annotations are removed: ajv would refuse unknown ones. `$anchor` stays, since references may use it.
const isForAjv = (keyword: string): boolean => keywordKind(keyword) !== 'annotation';

const countValues = (value: unknown): number => {
  if (typeof value !== 'object' || value === null) return 1;
  return Object.values(value).reduce<number>((sum, item) => sum + countValues(item), 1);
};

/**
 * Returns a copy of a checked schema without annotations. Every object schema carries its weight, the number of things
 * that one evaluation can touch (its keywords, the names and schemas in them, the values of `enum` and `const`), and
 * whether its numbers must be integers, since one keyword cannot see another.
 */
export function weighSchema(schema: unknown): unknown {
  if (!isJsonObject(schema)) return schema;
  let weight = 0;
  const copy: Record<string, unknown> = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (!isForAjv(keyword)) continue;
    const kind = keywordKind(keyword);
    if (kind === 'schema') {
      copy[keyword] = weighSchema(value);
      weight += 1;
    } else if (kind === 'schema-list' && Array.isArray(value)) {
      copy[keyword] = value.map(weighSchema);
      weight += value.length;
    } else if (kind === 'schema-map' && isJsonObject(value)) {
      copy[keyword] = Object.fromEntries(
        Object.entries(value).map(([name, item]) => [name, weighSchema(item)]),
      );
      if (keyword !== '$defs' && keyword !== 'definitions') weight += Object.keys(value).length;
    } else {
      copy[keyword] = value;
      weight += countValues(value);
    }
  }
  const integers = integerKindOf(schema);
  if (integers !== null) copy[integerKeyword] = integers;
  // Without keywords it accepts everything, and ajv omits it altogether.
  return Object.keys(copy).length === 0 ? copy : { [weightKeyword]: weight, ...copy };
}
