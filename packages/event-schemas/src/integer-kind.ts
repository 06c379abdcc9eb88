import type { JsonObject } from './schema-keywords.ts';

/** Which integers a schema takes, where its numbers must be integers. */
export type IntegerKind = 'integer' | 'int32' | 'int64';

/** The keyword that carries a schema's {@link IntegerKind}. No schema of a user can have it. */
export const integerKeyword = 'tidings-integer';

/** The kind of a schema's `type` and `format`; null where numbers need not be integers. */
export function integerKindOf({ type, format }: JsonObject): IntegerKind | null {
  if (format === 'int32' || format === 'int64') return format;
  const types: readonly unknown[] = Array.isArray(type) ? type : [type];
  return types.includes('integer') && !types.includes('number') ? 'integer' : null;
}
