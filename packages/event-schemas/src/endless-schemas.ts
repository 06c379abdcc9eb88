import { type ErrorDetail, pointerPart } from '@tidings/json';
import { readPattern } from './linear-pattern.ts';
import { lookUpReference } from './local-reference.ts';
import { isJsonObject, type JsonObject, subschemasOf } from './schema-keywords.ts';

/** A schema that another one depends on, and the position of the dependency. */
type Edge = Readonly<{ pointer: string; to: unknown }>;

type Node = Readonly<{ schema: JsonObject; pointer: string }>;

// These keywords apply to the same value again, so a cycle through them never ends.
const sameValue: ReadonlySet<string> = new Set(
  ['allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else'].concat('dependentSchemas'),
);

const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);
const mapIn = (value: unknown): JsonObject => (isJsonObject(value) ? value : {});

/** Returns every object schema inside a schema, itself first. */
function nodesOf(root: JsonObject): readonly Node[] {
  const nodes: Node[] = [];
  const open: { value: unknown; pointer: string }[] = [{ value: root, pointer: '' }];
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    if (!isJsonObject(one.value)) continue;
    nodes.push({ schema: one.value, pointer: one.pointer });
    open.push(...subschemasOf(one.value, one.pointer));
  }
  return nodes;
}

function referenceOf(root: unknown, { schema, pointer }: Node): Edge | null {
  const { $ref: reference } = schema;
  if (typeof reference !== 'string') return null;
  return { pointer: `${pointer}/$ref`, to: lookUpReference(root, reference) };
}

/** Returns references that lead back to a schema without descending into the value: a check of them would never end. */
function circleFaults(root: JsonObject, nodes: readonly Node[]): readonly ErrorDetail[] {
  const faults: ErrorDetail[] = [];
  const nodeOf = new Map<unknown, Node>(nodes.map((node) => [node.schema, node]));
  const states = new Map<Node, 'open' | 'done'>();
  const visit = (node: Node): void => {
    states.set(node, 'open');
    const reference = referenceOf(root, node);
    const inside = subschemasOf(node.schema, node.pointer)
      .filter(({ pointer }) => sameValue.has(pointer.slice(node.pointer.length + 1).split('/')[0] ?? ''))
      .map(({ value, pointer }) => ({ to: value, pointer }));
    for (const { to, pointer } of reference === null ? inside : [reference, ...inside]) {
      const next = nodeOf.get(to);
      if (next === undefined) continue;
      const state = states.get(next);
      if (state === undefined) visit(next);
      else if (state === 'open') {
        const detail = `'${String(node.schema['$ref'])}' leads back to '#${next.pointer}' without going into the data: no check by it would end`;
        faults.push({ pointer, detail });
      }
    }
    states.set(node, 'done');
  };
  for (const node of nodes) if (!states.has(node)) visit(node);
  return faults;
}

const takesOnly = ({ type }: JsonObject, wanted: string): boolean =>
  type === wanted || (Array.isArray(type) && type.length === 1 && type[0] === wanted);

// With one of these, the data decide which properties are unevaluated.
const evaluatesElsewhere = [
  '$ref',
  '$dynamicRef',
  'allOf',
  'anyOf',
  'oneOf',
  'if',
  'dependentSchemas',
  'not',
];

/** Returns the schema of properties that no other keyword names; null if the schema allows any value there. */
function schemaOfOthers({ schema, pointer }: Node): Edge | null {
  if ('additionalProperties' in schema) {
    return { pointer: `${pointer}/additionalProperties`, to: schema['additionalProperties'] };
  }
  if (!('unevaluatedProperties' in schema) || evaluatesElsewhere.some((keyword) => keyword in schema))
    return null;
  return { pointer: `${pointer}/unevaluatedProperties`, to: schema['unevaluatedProperties'] };
}

const edgesOf = (map: unknown, pointer: string): readonly Edge[] =>
  Object.entries(mapIn(map)).map(([name, to]) => ({ pointer: `${pointer}/${pointerPart(name)}`, to }));

/** Returns the schemas that a required property must satisfy. */
function neededByProperty(node: Node, name: string): readonly Edge[] {
  const { schema, pointer } = node;
  const properties = mapIn(schema['properties']);
  const matching = Object.entries(mapIn(schema['patternProperties'])).filter(([source]) =>
    isMatch(source, name),
  );
  const patterns = edgesOf(Object.fromEntries(matching), `${pointer}/patternProperties`);
  if (Object.hasOwn(properties, name)) {
    return [{ pointer: `${pointer}/properties/${pointerPart(name)}`, to: properties[name] }, ...patterns];
  }
  if (patterns.length > 0) return patterns;
  const others = schemaOfOthers(node);
  return others === null ? [] : [others];
}

function isMatch(source: string, name: string): boolean {
  const reading = readPattern(source);
  return reading.ok && reading.pattern.test(name);
}

/** Returns the schemas of required content: required properties and required items. */
function neededInside(node: Node): readonly Edge[] {
  const { schema, pointer } = node;
  const needed: Edge[] = [];
  if (takesOnly(schema, 'object')) {
    for (const name of listIn(schema['required']).map(String)) needed.push(...neededByProperty(node, name));
  }
  if (takesOnly(schema, 'array')) {
    const first = listIn(schema['prefixItems']);
    const count = typeof schema['minItems'] === 'number' ? schema['minItems'] : 0;
    for (const [i, to] of first.slice(0, count).entries())
      needed.push({ pointer: `${pointer}/prefixItems/${i}`, to });
    if (count > first.length && 'items' in schema)
      needed.push({ pointer: `${pointer}/items`, to: schema['items'] });
    if ('contains' in schema && schema['minContains'] !== 0) {
      needed.push({ pointer: `${pointer}/contains`, to: schema['contains'] });
    }
  }
  return needed;
}

/**
 * Determines whether any data can satisfy a schema, as far as references and requirements decide that. Schemas are
 * considered impossible until finite data are known for them, so a schema that requires itself stays impossible.
 */
class Satisfiability {
  readonly #root: JsonObject;
  readonly #possible = new Set<unknown>();
  readonly #nodeOf: ReadonlyMap<unknown, Node>;

  constructor(root: JsonObject, nodes: readonly Node[]) {
    this.#root = root;
    this.#nodeOf = new Map(nodes.map((node) => [node.schema, node]));
    // Inner schemas come first, since outer ones mostly depend on them.
    const inward = [...nodes].reverse();
    for (let isNew = true; isNew; ) {
      isNew = false;
      for (const node of inward) {
        if (this.#possible.has(node.schema) || this.#missingIn(node) !== null) continue;
        this.#possible.add(node.schema);
        isNew = true;
      }
    }
  }

  /** Returns the reason why the whole schema is impossible, or null. */
  fault(): ErrorDetail | null {
    let last: Edge | null = null;
    const seen = new Set<unknown>();
    for (let to: unknown = this.#root; !this.#isPossible(to) && !seen.has(to); ) {
      seen.add(to);
      const node = this.#nodeOf.get(to);
      const edge = node === undefined ? null : this.#missingIn(node);
      if (edge === null) break;
      last = edge;
      to = edge.to;
    }
    if (last === null) return null;
    const why = last.to === false ? 'is needed and never allowed' : 'is needed inside itself without end';
    return { pointer: last.pointer, detail: `${why}: no data can satisfy the schema` };
  }

  #isPossible(schema: unknown): boolean {
    return schema === true || (schema !== false && (!this.#nodeOf.has(schema) || this.#possible.has(schema)));
  }

  /** Returns the first requirement of a schema that is not known to be possible. */
  #missingIn(node: Node): Edge | null {
    const { schema, pointer } = node;
    const reference = referenceOf(this.#root, node);
    const all = listIn(schema['allOf']).map((to, i) => ({ pointer: `${pointer}/allOf/${i}`, to }));
    for (const edge of [...(reference === null ? [] : [reference]), ...all, ...neededInside(node)]) {
      if (!this.#isPossible(edge.to)) return edge;
    }
    for (const keyword of ['anyOf', 'oneOf']) {
      const some = listIn(schema[keyword]);
      if (some.length > 0 && !some.some((one) => this.#isPossible(one))) {
        return { pointer: `${pointer}/${keyword}/0`, to: some[0] };
      }
    }
    return this.#missingProperties(node);
  }

  /** Returns the first schema that prevents `minProperties`, or null. */
  #missingProperties(node: Node): Edge | null {
    const { schema, pointer } = node;
    const { minProperties } = schema;
    if (typeof minProperties !== 'number' || minProperties < 1 || !takesOnly(schema, 'object')) return null;
    const others = schemaOfOthers(node);
    if (others === null) return null;
    const open = [...edgesOf(schema['patternProperties'], `${pointer}/patternProperties`), others];
    if (open.some(({ to }) => this.#isPossible(to))) return null;
    const named = edgesOf(schema['properties'], `${pointer}/properties`);
    if (named.filter(({ to }) => this.#isPossible(to)).length >= minProperties) return null;
    return open[0] ?? null;
  }
}

/**
 * Returns the faults of self-references that make a schema useless: a check that would never end (JSON Schema 2020-12
 * core, section 9.4.1), or requirements that no finite data can meet. Its references must have been checked.
 */
export function endlessFaults(root: JsonObject): readonly ErrorDetail[] {
  const nodes = nodesOf(root);
  const circles = circleFaults(root, nodes);
  if (circles.length > 0) return circles;
  const fault = new Satisfiability(root, nodes).fault();
  return fault === null ? [] : [fault];
}
