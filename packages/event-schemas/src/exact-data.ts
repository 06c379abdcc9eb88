import { ExactNumber } from '@tidings/json';

type Holder = Readonly<Record<string, unknown>>;

const isHolder = (value: unknown): value is Holder =>
  typeof value === 'object' && value !== null && !(value instanceof ExactNumber);

/**
 * The data under check in two versions: as JSON.parse reads them, which ajv walks, and with an ExactNumber wherever
 * JSON.parse has rounded. A keyword's value is found in the second by its position in the first.
 */
export class ExactData {
  readonly #exact = new Map<unknown, Holder>();
  #root: unknown;

  /** Sets the data before each check. Both are parsed from the same text. */
  set(rounded: unknown, exact: unknown): void {
    this.#root = exact;
    const open = [[rounded, exact]];
    for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
      const [plain, kept] = pair;
      if (!isHolder(plain) || !isHolder(kept)) continue;
      this.#exact.set(plain, kept);
      for (const name of Object.keys(plain)) open.push([plain[name], kept[name]]);
    }
  }

  /** Clears the data after each check, so that they are not retained. */
  clear(): void {
    this.#exact.clear();
    this.#root = undefined;
  }

  /** Returns the exact form of `value`, which is the field `name` of `parent`. */
  of(value: unknown, parent?: unknown, name: string | number = ''): unknown {
    if (typeof value === 'number') return parent === undefined ? this.#root : this.#exact.get(parent)?.[name];
    return isHolder(value) ? this.#exact.get(value) : value;
  }
}

/** Returns the same text for equal values: names sorted, numbers by all their digits. */
export function canonicalText(value: unknown): string {
  if (value instanceof ExactNumber) return value.canonical;
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonicalText(field)}`).join(',')}}`;
}
