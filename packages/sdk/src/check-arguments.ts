/**
 * The known names of an options or event object, and names of other products or spellings that callers use by mistake.
 */
export type Names = Readonly<{ known: readonly string[]; mistakenFor: Readonly<Record<string, string>> }>;

const maxShownChars = 80;

/** Throws TypeError unless `value` is an object in which every defined member has a known name. */
export function checkNames(what: string, value: unknown, { known, mistakenFor }: Names): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw wrong(what, 'an object', value);
  }
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined || known.includes(name)) continue;
    const meant = Object.hasOwn(mistakenFor, name) ? mistakenFor[name] : likeOf(name, known);
    const hint = meant === undefined ? `the known names are ${known.join(', ')}` : `did you mean '${meant}'?`;
    throw new TypeError(`${what} has no '${shorten(name)}': ${hint}`);
  }
}

/** Returns the error for a value of the wrong kind: its name, the expected kind, and the value. */
export function wrong(name: string, wanted: string, value: unknown): TypeError {
  return new TypeError(`${name} must be ${wanted}, got ${shown(value)}`);
}

/**
 * Throws TypeError unless the value is an integer within the bounds. NaN is refused, since it fails every comparison
 * and would cause an endless loop.
 */
export function checkWhole(name: string, value: unknown, [min, max]: readonly [number, number]): void {
  if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return;
  throw wrong(name, `a whole number from ${min} to ${max}`, value);
}

/** Throws TypeError unless the value is a function. */
export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw wrong(name, 'a function', value);
}

/** Throws TypeError unless the value is text that UTF-8 can encode (a lone surrogate would become U+FFFD). */
export function checkText(name: string, value: unknown): asserts value is string {
  if (typeof value !== 'string') throw wrong(name, 'text', value);
  const half = /\p{Surrogate}/u.exec(value);
  if (half === null) return;
  const place = `${codeOf(half[0])} at index ${half.index}`;
  throw new TypeError(`${name} must be well-formed Unicode, got ${place}, half of a surrogate pair`);
}

/** Returns a character as U+XXXX. */
export function codeOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}

// Quotes and shortens text; describes objects by their kind.
function shown(value: unknown): string {
  if (typeof value === 'string') return `'${shorten(value)}'`;
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  return typeof value === 'object' && value !== null ? 'an object' : shorten(String(value));
}

const shorten = (text: string): string =>
  text.length > maxShownChars ? `${text.slice(0, maxShownChars)}…` : text;

// `consumer_id`, `ConsumerID` and `consumer-id` for `consumerId`.
const likeOf = (name: string, known: readonly string[]): string | undefined =>
  known.find((one) => plain(one) === plain(name));

const plain = (name: string): string => name.replace(/[-_]/g, '').toLowerCase();
