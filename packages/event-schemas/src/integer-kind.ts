import type { JsonObject } from './schema-keywords.ts';

/** The kind of integers that a schema accepts, if its numbers must be integers. */
export type IntegerKind = 'integer' | 'int32' | 'int64';

/** The keyword that carries a schema's {@link IntegerKind}. No user's schema can contain it. */
export const integerKeyword = 'tidings-integer';

/** Returns the kind for a schema's `type` and `format`; null if numbers need not be integers. */
export function integerKindOf({ type, format }: JsonObject): IntegerKind | null {
  if (format === 'int32' || format === 'int64') return format;
  const types: readonly unknown[] = Array.isArray(type) ? type : [type];
  return types.includes('integer') && !types.includes('number') ? 'integer' : null;
}
