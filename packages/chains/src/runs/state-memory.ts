/** Counts what the states in memory take, over all partitions of a worker. */
export class StateMemory {
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes of JSON: of the states that are in memory, and of the data of their events. */
  get bytes(): number {
    return this.#bytes;
  }

  /** True if a run that does nothing is to leave its state in the log. */
  get isFull(): boolean {
    return this.#bytes >= this.#maxBytes;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
  }
}
