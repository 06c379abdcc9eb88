import { type ErrorDetail, pointerPart } from '@tidings/json';
import { lookUpReference } from './local-reference.ts';
import { isJsonObject, type JsonObject, keywordKind } from './schema-keywords.ts';
import { widenedBounds } from './widened-bounds.ts';

/** Maximum number of schema pairs compared before the comparison is abandoned. */
const maxPairs = 20_000;
const maxChanges = 20;

const allTypes = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'];

// These are compared as a whole: whether one form of them allows less than another is not simple to decide.
const opaque = ['not', 'if', 'then', 'else', 'contains', 'minContains', 'maxContains', 'propertyNames']
  .concat(['dependentRequired', 'dependentSchemas', 'unevaluatedItems', 'unevaluatedProperties'])
  .concat(['pattern', 'format']);

/**
 * Returns the same text for equal values in any order of names, without annotations, which readers do not see.
 */
const canonicalText = (value: unknown, isSchema = true): string =>
  JSON.stringify(value, (_name, inner: unknown) =>
    isJsonObject(inner)
      ? Object.fromEntries(
          Object.entries(inner)
            .filter(([name]) => !isSchema || keywordKind(name) !== 'annotation')
            .sort(([a], [b]) => (a < b ? -1 : 1)),
        )
      : inner,
  ) ?? 'undefined';

const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
};

const typesOf = ({ type }: JsonObject): readonly string[] =>
  type === undefined ? allTypes : Array.isArray(type) ? (type as string[]) : [String(type)];

const namesIn = (value: unknown): readonly string[] => (Array.isArray(value) ? (value as string[]) : []);
const mapIn = (value: unknown): JsonObject => (isJsonObject(value) ? value : {});

type Roots = Readonly<{ before: unknown; after: unknown }>;

class Comparison {
  readonly changes: ErrorDetail[] = [];
  readonly #oldRoot: unknown;
  readonly #newRoot: unknown;
  readonly #resolved = new Map<unknown, unknown>();
  /** The pairs being compared, outermost first: a pair that recurs inside itself adds nothing. */
  readonly #open: (readonly [unknown, unknown])[];
  readonly #budget: { pairs: number };

  constructor(roots: Roots, within?: Comparison) {
    this.#oldRoot = roots.before;
    this.#newRoot = roots.after;
    this.#open = within === undefined ? [] : within.#open;
    this.#budget = within === undefined ? { pairs: maxPairs } : within.#budget;
    if (within !== undefined) this.#resolved = within.#resolved;
  }

  compare(before: unknown, after: unknown, pointer: string): void {
    const [from, to] = [this.#resolve(this.#oldRoot, before), this.#resolve(this.#newRoot, after)];
    if (this.#open.some(([one, other]) => one === from && other === to)) return;
    this.#budget.pairs -= 1;
    if (this.#budget.pairs < 0)
      return void this.#report(pointer, 'is too large to compare, which counts as a change');
    // Everything was allowed before, or nothing is any more: no reader receives unknown data.
    if (from === true || to === false) return;
    if (!isJsonObject(from)) return void this.#report(pointer, 'is now allowed, and was not before');
    this.#open.push([from, to]);
    this.#compareObjects(from, isJsonObject(to) ? to : {}, pointer);
    this.#open.pop();
  }

  #compareObjects(from: JsonObject, to: JsonObject, pointer: string): void {
    this.#compareTypes(from, to, pointer);
    this.#compareValues(from, to, pointer);
    for (const { keyword, detail } of widenedBounds(from, to)) this.#report(`${pointer}/${keyword}`, detail);
    this.#compareProperties(from, to, pointer);
    this.#compareItems(from, to, pointer);
    this.#compareAlternatives(from, to, pointer);
    for (const keyword of opaque) {
      if (from[keyword] === undefined || canonicalText(from[keyword]) === canonicalText(to[keyword]))
        continue;
      const what = to[keyword] === undefined ? 'was removed' : 'was changed';
      this.#report(`${pointer}/${keyword}`, `${what}; it was ${show(from[keyword])}`);
    }
  }

  #compareTypes(from: JsonObject, to: JsonObject, pointer: string): void {
    const old = typesOf(from);
    const isOld = (type: string): boolean =>
      old.includes(type) || (type === 'integer' && old.includes('number'));
    // A list of values determines the types more precisely than `type`.
    const added = to['enum'] !== undefined || 'const' in to ? [] : typesOf(to).filter((type) => !isOld(type));
    if (added.length === 0) return;
    this.#report(`${pointer}/type`, `now permits ${added.join(', ')}; it was ${old.join(' or ')}`);
  }

  #compareValues(from: JsonObject, to: JsonObject, pointer: string): void {
    const listOf = (schema: JsonObject): readonly unknown[] | null =>
      'const' in schema ? [schema['const']] : Array.isArray(schema['enum']) ? schema['enum'] : null;
    const [old, now] = [listOf(from), listOf(to)];
    if (old === null) return;
    const keyword = 'const' in (now === null ? from : to) ? 'const' : 'enum';
    if (now === null)
      return void this.#report(`${pointer}/${keyword}`, `was removed; it was one of ${show(old)}`);
    const known = new Set(old.map((value) => canonicalText(value, false)));
    const added = now.filter((value) => !known.has(canonicalText(value, false)));
    if (added.length > 0) this.#report(`${pointer}/${keyword}`, `now permits ${added.map(show).join(', ')}`);
  }

  #compareProperties(from: JsonObject, to: JsonObject, pointer: string): void {
    const required = new Set(namesIn(to['required']));
    for (const name of namesIn(from['required'])) {
      if (required.has(name)) continue;
      const isGone = !Object.hasOwn(mapIn(to['properties']), name);
      const at = isGone ? `${pointer}/properties` : `${pointer}/properties/${pointerPart(name)}`;
      this.#report(at, `'${name}' was required, and ${isGone ? 'was removed' : 'is now optional'}`);
    }
    for (const keyword of ['properties', 'patternProperties']) {
      const now = mapIn(to[keyword]);
      for (const [name, before] of Object.entries(mapIn(from[keyword]))) {
        // A removed field is no longer sent, and readers already had to expect its absence.
        if (!Object.hasOwn(now, name)) continue;
        this.compare(before, now[name], `${pointer}/${keyword}/${pointerPart(name)}`);
      }
    }
    // `false` restricted the publisher only: readers ignore unknown fields.
    const [others, othersNow] = [from['additionalProperties'], to['additionalProperties']];
    if (isJsonObject(others)) this.compare(others, othersNow ?? true, `${pointer}/additionalProperties`);
  }

  #compareItems(from: JsonObject, to: JsonObject, pointer: string): void {
    const [old, now] = [from['prefixItems'], to['prefixItems']].map((list) =>
      Array.isArray(list) ? list : [],
    );
    for (const [i, before] of (old ?? []).entries()) {
      this.compare(before, now?.[i] ?? to['items'] ?? true, `${pointer}/prefixItems/${i}`);
    }
    if (from['items'] !== undefined) this.compare(from['items'], to['items'] ?? true, `${pointer}/items`);
  }

  #compareAlternatives(from: JsonObject, to: JsonObject, pointer: string): void {
    for (const keyword of ['anyOf', 'oneOf']) {
      const old = from[keyword];
      if (!Array.isArray(old)) continue;
      const now: readonly unknown[] = Array.isArray(to[keyword])
        ? to[keyword]
        : [{ ...to, [keyword]: undefined }];
      for (const [i, branch] of now.entries()) {
        if (old.some((before) => this.#isSafe(before, branch))) continue;
        this.#report(`${pointer}/${keyword}/${i}`, 'is a new alternative');
      }
    }
    const old = from['allOf'];
    if (!Array.isArray(old)) return;
    const now: readonly unknown[] = [
      ...(Array.isArray(to['allOf']) ? (to['allOf'] as readonly unknown[]) : []),
      { ...to, allOf: undefined },
    ];
    for (const before of old) {
      if (now.some((branch) => this.#isSafe(before, branch))) continue;
      this.#report(`${pointer}/allOf`, `no longer holds: ${show(before)}`);
    }
  }

  #isSafe(before: unknown, after: unknown): boolean {
    const inner = new Comparison({ before: this.#oldRoot, after: this.#newRoot }, this);
    inner.compare(before, after, '');
    return inner.changes.length === 0;
  }

  /**
   * Returns the schema after following its references. Returns the same object each time, so that recurring pairs are
   * recognised.
   */
  #resolve(root: unknown, schema: unknown): unknown {
    if (!isJsonObject(schema) || schema['$ref'] === undefined) return schema;
    const known = this.#resolved.get(schema);
    if (known !== undefined) return known;
    const { $ref: reference, ...beside } = schema;
    const target = lookUpReference(root, String(reference));
    const own = Object.entries(beside).filter(
      ([name]) => keywordKind(name) !== 'annotation' && name !== '$defs',
    );
    // A reference to itself ends here: it has no constraints.
    this.#resolved.set(schema, {});
    const found =
      own.length === 0 ? this.#resolve(root, target) : { allOf: [target], ...Object.fromEntries(own) };
    this.#resolved.set(schema, found);
    return found;
  }

  #report(pointer: string, detail: string): void {
    if (this.changes.length < maxChanges) this.changes.push({ pointer, detail });
  }
}

/**
 * Returns the changes in `after` that can break readers of `before`: at most 20, and none if a reader of the old schema
 * knows everything that the new one allows. Both schemas must have passed `checkSchema`. The README has the rules; a
 * part that cannot be compared counts as a change.
 */
export function breakingChanges(before: unknown, after: unknown): readonly ErrorDetail[] {
  if (canonicalText(before) === canonicalText(after)) return [];
  const comparison = new Comparison({ before, after });
  comparison.compare(before, after, '');
  return comparison.changes;
}
