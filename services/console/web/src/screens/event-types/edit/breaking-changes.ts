/** A change that can break receivers. `field`: its place in the data, such as `customer.tier` or `items[].sku`. */
export type BreakingChange = Readonly<{ field: string; detail: string }>;

const unescaped = (segment: string): string => segment.replaceAll('~1', '/').replaceAll('~0', '~');

/** Returns the place in the data that a pointer into a schema is about; '' for the whole. */
function fieldAt(pointer: string): string {
  const segments = pointer.split('/').slice(1).map(unescaped);
  let field = '';
  for (let at = 0; at < segments.length; at += 1) {
    const segment = segments[at];
    if (segment === 'items') field += '[]';
    if (segment !== 'properties') continue;
    at += 1;
    const name = segments[at] ?? '';
    field = field === '' ? name : `${field}.${name}`;
  }
  return field;
}

/** Returns the breaking changes among the faults of a request, by pointers that begin with `schema`. */
export const breakingChangesOf = (faults: ReadonlyMap<string, string>): readonly BreakingChange[] =>
  [...faults]
    .filter(([pointer]) => pointer === 'schema' || pointer.startsWith('schema/'))
    .map(([pointer, detail]) => ({ field: fieldAt(pointer), detail }));
