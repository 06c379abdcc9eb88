import { isJsonObject, type JsonObject, subschemasOf } from './schema-keywords.ts';

/** Returns the schema with this anchor, or undefined. */
function anchored(schema: unknown, name: string): unknown {
  const open = [schema];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (!isJsonObject(node)) continue;
    if (node['$anchor'] === name) return node;
    open.push(...subschemasOf(node, '').map(({ value }) => value));
  }
  return undefined;
}

/** Returns the target of a reference inside a schema (`#`, `#/…`, `#anchor`), or undefined if there is none. */
export function lookUpReference(root: unknown, reference: string): unknown {
  let fragment: string;
  try {
    fragment = decodeURIComponent(reference.slice(1));
  } catch {
    // A stray % is no valid encoding.
    return undefined;
  }
  if (fragment === '') return root;
  return fragment.startsWith('/') ? lookUpPointer(root, fragment) : anchored(root, fragment);
}

/** Returns the value at an RFC 6901 pointer, or undefined. */
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
