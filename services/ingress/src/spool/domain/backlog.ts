import { orderOfRecord, type SpooledRecord } from './spooled-record.ts';

/** The number of records that wait in the spool, in all and by what they are ordered by, and the age of the oldest. */
export class Backlog {
  readonly #orders = new Map<string, number>();
  #records = 0;
  #oldestMs = 0;

  get records(): number {
    return this.#records;
  }

  /** Not later than the time at which the oldest of them was accepted; undefined if there is none. */
  get oldestMs(): number | undefined {
    return this.#records === 0 ? undefined : this.#oldestMs;
  }

  /** Returns true if a record of this order waits. */
  holds(order: string | null): boolean {
    return order !== null && this.#orders.has(order);
  }

  add(record: SpooledRecord): void {
    if (this.#records === 0) this.#oldestMs = record.timestampMs;
    this.#records += 1;
    const order = orderOfRecord(record);
    if (order !== null) this.#orders.set(order, (this.#orders.get(order) ?? 0) + 1);
  }

  /** Removes the oldest record: those that follow it were accepted at its time or later. */
  removeOldest(record: SpooledRecord): void {
    this.#oldestMs = record.timestampMs;
    this.takeBack(record);
  }

  /** Removes a record that could not be written to the spool. */
  takeBack(record: SpooledRecord): void {
    this.#records -= 1;
    const order = orderOfRecord(record);
    if (order === null) return;
    const left = (this.#orders.get(order) ?? 0) - 1;
    if (left > 0) this.#orders.set(order, left);
    else this.#orders.delete(order);
  }
}
