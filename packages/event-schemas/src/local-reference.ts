import { isJsonObject, type JsonObject, subschemasOf } from './schema-keywords.ts';

/** The schema that carries this anchor, or undefined. */
function anchored(schema: unknown, name: string): unknown {
  const open = [schema];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (!isJsonObject(node)) continue;
    if (node['$anchor'] === name) return node;
    open.push(...subschemasOf(node, '').map(({ value }) => value));
  }
  return undefined;
}

/** What a reference inside a schema (`#`, `#/…`, `#anchor`) leads to, or undefined where there is nothing. */
export function lookUpReference(root: unknown, reference: string): unknown {
  let fragment: string;
  try {
    fragment = decodeURIComponent(reference.slice(1));
  } catch {
    // A stray % names nothing.
    return undefined;
  }
  if (fragment === '') return root;
  return fragment.startsWith('/') ? lookUpPointer(root, fragment) : anchored(root, fragment);
}

/** What stands at an RFC 6901 pointer, or undefined. */
export function lookUpPointer(root: unknown, pointer: string): unknown {
  let value = root;
  for (const part of pointer.split('/').slice(1)) {
    if (typeof value !== 'object' || value === null) return undefined;
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (!Object.hasOwn(value, name)) return undefined;
    value = (value as JsonObject)[name];
  }
  return value;
}
