/**
 * The keys of the newest records, so that a repetition of one is recognised. Bounded: two generations, of which the
 * older one is dropped when the younger one is full (adr/0012).
 */
export class SeenKeys {
  readonly #size: number;
  #younger = new Set<string>();
  #older: ReadonlySet<string> = new Set();

  /** `size`: the number of keys that are certain to be remembered. */
  constructor(size: number) {
    this.#size = size;
  }

  has(key: string): boolean {
    return this.#younger.has(key) || this.#older.has(key);
  }

  /** Adds a key; returns false if it was there. */
  add(key: string): boolean {
    if (this.has(key)) return false;
    if (this.#younger.size >= this.#size) {
      this.#older = this.#younger;
      this.#younger = new Set();
    }
    this.#younger.add(key);
    return true;
  }
}
