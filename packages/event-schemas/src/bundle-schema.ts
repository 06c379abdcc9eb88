import { lookUpPointer, lookUpReference } from './local-reference.ts';
import type { SchemaFault } from './schema-fault.ts';
import { isJsonObject, type JsonObject, keywordKind, pointerPart } from './schema-keywords.ts';
import { schemaLimits } from './schema-limits.ts';

/** Something in a document: where it stands (RFC 6901 pointer), and what it is. */
export type SchemaLocation = Readonly<{ pointer: string; value: unknown }>;

/** What a place is after its references were followed, or what is wrong with them. */
export type FollowedReferences = Readonly<
  { ok: true; location: SchemaLocation } | { ok: false; errors: readonly SchemaFault[] }
>;

/**
 * A schema that stands alone, and where in the document each part of it came from: `locationOf` takes a pointer into the
 * schema.
 */
export type BundledSchema = Readonly<
  | { ok: true; schema: JsonObject; locationOf(pointer: string): string }
  | { ok: false; errors: readonly SchemaFault[] }
>;

const maxHops = 32;

const refused = (pointer: string, detail: string): { ok: false; errors: readonly SchemaFault[] } => ({
  ok: false,
  errors: [{ pointer, detail }],
});

const shown = (text: string): string => (text.length > 100 ? `${text.slice(0, 100)}…` : text);

/** Where a reference leads to (`#/…`, percent-encoded as URIs are), or what is wrong with it. */
function targetOf(document: unknown, reference: unknown): SchemaLocation | string {
  if (typeof reference !== 'string') return 'must be text';
  if (!reference.startsWith('#')) {
    return `'${shown(reference)}' leads out of the document: nothing is loaded, so put what it means into the document`;
  }
  if (!reference.startsWith('#/')) {
    return `'${shown(reference)}' names no place in the document: give the schema an $id for references of its own`;
  }
  // Half a character is in no URI.
  const value = /\p{Surrogate}/u.test(reference) ? undefined : lookUpReference(document, reference);
  if (value === undefined) return `'${shown(reference)}' leads to nothing in the document`;
  return { pointer: decodeURIComponent(reference.slice(1)), value };
}

/**
 * What stands at a place of a document, after `{ "$ref": "#/…" }` is followed as often as it takes. Refuses references out
 * of the document, to nothing, and in a circle.
 */
export function followReferences(document: unknown, pointer: string): FollowedReferences {
  let location: SchemaLocation = { pointer, value: lookUpPointer(document, pointer) };
  for (let hops = 0; hops < maxHops; hops += 1) {
    const { value } = location;
    const reference = isJsonObject(value) ? value['$ref'] : undefined;
    // With a word beside it, it is no alias of something, but says more.
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
  /** Name in `$defs` by place in the document, in the order of their discovery. */
  readonly definitions: Map<string, string>;
  readonly takenNames: Set<string>;
  readonly faults: SchemaFault[];
  schemas: number;
};

const isWithin = (pointer: string, location: string): boolean =>
  pointer === location || pointer.startsWith(`${location}/`);

/** What a reference to a place of the document is inside the schema. */
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

/** The schema with its references as they are inside of the bundle. Values (`const`, `enum` …) are left as they are. */
function rewrite(schema: unknown, at: string, bundle: Bundle): unknown {
  bundle.schemas += 1;
  if (!isJsonObject(schema) || bundle.schemas > schemaLimits.subschemas) return schema;
  // Many types may refer to something huge: it is not to be copied for each of them.
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
  // An anchor is looked for in the finished schema.
  if (typeof reference === 'string' && /^#[A-Za-z_]/.test(reference)) return reference;
  const target = targetOf(bundle.document, reference);
  if (typeof target !== 'string') return referenceTo(target.pointer, bundle);
  bundle.faults.push({ pointer: `${at}/$ref`, detail: target });
  return reference;
}

/**
 * The schema at a place of a document, such as AsyncAPI or OpenAPI, made to stand alone: what it refers to in the document
 * is put into its `$defs`, so circles stay references. One with an `$id` stands alone already, since its references are its
 * own. Refuses references out of the document and to nothing; what else may be wrong is found by `checkSchema`.
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
  // Those that are found on the way are gone through as well.
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
