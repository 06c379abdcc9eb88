import { ExactNumber } from '@tidings/json';

type Holder = Readonly<Record<string, unknown>>;

const isHolder = (value: unknown): value is Holder =>
  typeof value === 'object' && value !== null && !(value instanceof ExactNumber);

/**
 * The data that are being checked, once as JSON.parse reads them (that is what ajv walks) and once with an ExactNumber where
 * JSON.parse has rounded: what a keyword is asked about is looked up in the second by where it stands in the first.
 */
export class ExactData {
  readonly #exact = new Map<unknown, Holder>();
  #root: unknown;

  /** Before each check. Both are the same text, parsed. */
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

  /** After each check: data are not kept. */
  clear(): void {
    this.#exact.clear();
    this.#root = undefined;
  }

  /** What `value`, which stands in `parent` under `name`, was before it was rounded. */
  of(value: unknown, parent?: unknown, name: string | number = ''): unknown {
    if (typeof value === 'number') return parent === undefined ? this.#root : this.#exact.get(parent)?.[name];
    return isHolder(value) ? this.#exact.get(value) : value;
  }
}

/** The same text for equal values: names in order, numbers by all their digits. */
export function canonicalText(value: unknown): string {
  if (value instanceof ExactNumber) return value.canonical;
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, field]) => `${JSON.stringify(name)}:${canonicalText(field)}`).join(',')}}`;
}
