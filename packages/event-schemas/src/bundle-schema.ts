import { type ErrorDetail, pointerPart } from '@tidings/json';
import { lookUpPointer, lookUpReference } from './local-reference.ts';
import { isJsonObject, type JsonObject, keywordKind } from './schema-keywords.ts';
import { schemaLimits } from './schema-limits.ts';

/** A value in a document: its position (RFC 6901 pointer) and the value. */
export type SchemaLocation = Readonly<{ pointer: string; value: unknown }>;

/** The value at a position after its references were followed, or the fault in them. */
export type FollowedReferences = Readonly<
  { ok: true; location: SchemaLocation } | { ok: false; errors: readonly ErrorDetail[] }
>;

/**
 * A self-contained schema, and the origin of each part in the document: `locationOf` accepts a pointer into the schema.
 */
export type BundledSchema = Readonly<
  | { ok: true; schema: JsonObject; locationOf(pointer: string): string }
  | { ok: false; errors: readonly ErrorDetail[] }
>;

const maxHops = 32;

const refused = (pointer: string, detail: string): { ok: false; errors: readonly ErrorDetail[] } => ({
  ok: false,
  errors: [{ pointer, detail }],
});

const shown = (text: string): string => (text.length > 100 ? `${text.slice(0, 100)}…` : text);

/** Returns the target of a reference (`#/…`, percent-encoded as in URIs), or its fault. */
function targetOf(document: unknown, reference: unknown): SchemaLocation | string {
  if (typeof reference !== 'string') return 'must be text';
  if (!reference.startsWith('#')) {
    return `'${shown(reference)}' leads out of the document: nothing is loaded, so put what it means into the document`;
  }
  if (!reference.startsWith('#/')) {
    return `'${shown(reference)}' names no place in the document: give the schema an $id for references of its own`;
  }
  // A URI cannot contain a lone surrogate.
  const value = /\p{Surrogate}/u.test(reference) ? undefined : lookUpReference(document, reference);
  if (value === undefined) return `'${shown(reference)}' leads to nothing in the document`;
  return { pointer: decodeURIComponent(reference.slice(1)), value };
}

/**
 * Returns the value at a position of a document after following `{ "$ref": "#/…" }` repeatedly. Refuses references out
 * of the document, dangling references, and cycles.
 */
export function followReferences(document: unknown, pointer: string): FollowedReferences {
  let location: SchemaLocation = { pointer, value: lookUpPointer(document, pointer) };
  for (let hops = 0; hops < maxHops; hops += 1) {
    const { value } = location;
    const reference = isJsonObject(value) ? value['$ref'] : undefined;
    // With another keyword beside it, the reference is no plain alias.
    if (reference === undefined || Object.keys(value as object).length > 1) return { ok: true, location };
    const target = targetOf(document, reference);
    if (typeof target === 'string') return refused(`${location.pointer}/$ref`, target);
    location = target;
  }
  return refused(`${pointer}/$ref`, `leads on ${maxHops} times: it goes in a circle`);
}

type Bundle = {
  readonly document: unknown;
  readonly root: string;
  /** Names in `$defs` by position in the document, in the order of their discovery. */
  readonly definitions: Map<string, string>;
  readonly takenNames: Set<string>;
  readonly faults: ErrorDetail[];
  schemas: number;
};

const isWithin = (pointer: string, location: string): boolean =>
  pointer === location || pointer.startsWith(`${location}/`);

/** Returns the reference, inside the schema, to a position of the document. */
function referenceTo(pointer: string, bundle: Bundle): string {
  const inFragment = (text: string): string => `#${encodeURI(text)}`;
  if (isWithin(pointer, bundle.root)) return inFragment(pointer.slice(bundle.root.length));
  for (const [location, name] of bundle.definitions) {
    if (isWithin(pointer, location)) {
      return inFragment(`/$defs/${pointerPart(name)}${pointer.slice(location.length)}`);
    }
  }
  const last = pointer.slice(pointer.lastIndexOf('/') + 1).replaceAll(/[^A-Za-z0-9_.-]/g, '_');
  let name = last;
  for (let count = 2; bundle.takenNames.has(name); count += 1) name = `${last}_${count}`;
  bundle.takenNames.add(name);
  bundle.definitions.set(pointer, name);
  return `#/$defs/${name}`;
}

/** Returns the schema with its references rewritten for the bundle. Values (`const`, `enum` …) are unchanged. */
function rewrite(schema: unknown, at: string, bundle: Bundle): unknown {
  bundle.schemas += 1;
  if (!isJsonObject(schema) || bundle.schemas > schemaLimits.subschemas) return schema;
  // Many event types may refer to one huge object, which must not be copied for each of them.
  const isTooWide = Object.values(schema).some(
    (value) => isJsonObject(value) && Object.keys(value).length > schemaLimits.subschemas,
  );
  if (isTooWide) {
    bundle.schemas = Infinity;
    return schema;
  }
  const inner = (value: unknown, ...parts: readonly string[]): unknown =>
    rewrite(value, [at, ...parts.map(pointerPart)].join('/'), bundle);
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => {
      const kind = keywordKind(keyword);
      if (keyword === '$ref') return [keyword, rewriteReference(value, at, bundle)];
      if (kind === 'schema') return [keyword, inner(value, keyword)];
      if (kind === 'schema-list' && Array.isArray(value)) {
        return [keyword, value.map((item: unknown, i) => inner(item, keyword, String(i)))];
      }
      if (kind === 'schema-map' && isJsonObject(value)) {
        const items = Object.entries(value).map(([name, item]) => [name, inner(item, keyword, name)]);
        return [keyword, Object.fromEntries(items)];
      }
      return [keyword, value];
    }),
  );
}

function rewriteReference(reference: unknown, at: string, bundle: Bundle): unknown {
  // The finished schema resolves anchors.
  if (typeof reference === 'string' && /^#[A-Za-z_]/.test(reference)) return reference;
  const target = targetOf(bundle.document, reference);
  if (typeof target !== 'string') return referenceTo(target.pointer, bundle);
  bundle.faults.push({ pointer: `${at}/$ref`, detail: target });
  return reference;
}

/**
 * Returns the self-contained schema at a position of a document such as AsyncAPI or OpenAPI. Referenced parts of the
 * document are copied into its `$defs`, so cycles stay references. A schema with an `$id` is already self-contained,
 * since its references are relative to it. Refuses references out of the document and dangling references;
 * `checkSchema` finds all other faults.
 */
export function bundleSchema(document: unknown, pointer: string): BundledSchema {
  const followed = followReferences(document, pointer);
  if (!followed.ok) return followed;
  const { pointer: root, value } = followed.location;
  if (value === true) return { ok: true, schema: {}, locationOf: () => root };
  if (!isJsonObject(value)) return refused(root, 'must be an object: a JSON Schema (2020-12)');
  if (value['$id'] !== undefined)
    return { ok: true, schema: value, locationOf: (inside) => `${root}${inside}` };
  const own = isJsonObject(value['$defs']) ? value['$defs'] : {};
  const bundle: Bundle = {
    ...{ document, root, definitions: new Map(), faults: [], schemas: 0 },
    takenNames: new Set(Object.keys(own)),
  };
  const schema = rewrite(value, root, bundle) as JsonObject;
  const definitions = new Map<string, unknown>();
  // The loop also processes the definitions that it adds.
  for (const [location, name] of bundle.definitions) {
    definitions.set(name, rewrite(lookUpPointer(document, location), location, bundle));
  }
  if (bundle.schemas > schemaLimits.subschemas) {
    return refused(
      root,
      `must have at most ${schemaLimits.subschemas} schemas in it, with all that it refers to`,
    );
  }
  if (bundle.faults.length > 0) return { ok: false, errors: bundle.faults };
  const locations = [...bundle.definitions].map(([location, name]) => ({
    inside: `/$defs/${pointerPart(name)}`,
    location,
  }));
  return {
    ok: true,
    schema:
      locations.length === 0
        ? schema
        : {
            ...schema,
            $defs: { ...(schema['$defs'] as JsonObject | undefined), ...Object.fromEntries(definitions) },
          },
    locationOf: (inside) => {
      const found = locations.find((one) => isWithin(inside, one.inside));
      return found === undefined
        ? `${root}${inside}`
        : `${found.location}${inside.slice(found.inside.length)}`;
    },
  };
}
