import { orderOfRecord, type SpooledRecord } from './spooled-record.ts';

type LaneBacklog = { records: number; oldestMs: number };

/** The number of records that wait in the spool, in all and by what they are ordered by, and the age of the oldest. */
export class Backlog {
  readonly #orders = new Map<string, number>();
  readonly #lanes = new Map<number, LaneBacklog>();

  get records(): number {
    return [...this.#lanes.values()].reduce((sum, { records }) => sum + records, 0);
  }

  /** Not later than the time at which the oldest of them was accepted; undefined if there is none. */
  get oldestMs(): number | undefined {
    const all = [...this.#lanes.values()].map(({ oldestMs }) => oldestMs);
    return all.length === 0 ? undefined : Math.min(...all);
  }

  /** Returns true if a record of this order waits. */
  holds(order: string | null): boolean {
    return order !== null && this.#orders.has(order);
  }

  /** Adds a record of a lane, in which records are removed in the order in which they were added. */
  add(record: SpooledRecord, lane: number): void {
    const known = this.#lanes.get(lane);
    if (known === undefined) this.#lanes.set(lane, { records: 1, oldestMs: record.timestampMs });
    else known.records += 1;
    const order = orderOfRecord(record);
    if (order !== null) this.#orders.set(order, (this.#orders.get(order) ?? 0) + 1);
  }

  /** Removes the oldest record of a lane: those that follow it were accepted at its time or later. */
  removeOldest(record: SpooledRecord, lane: number): void {
    const known = this.#lanes.get(lane);
    if (known !== undefined) known.oldestMs = record.timestampMs;
    this.takeBack(record, lane);
  }

  /** Removes a record that could not be written to the spool. */
  takeBack(record: SpooledRecord, lane: number): void {
    const known = this.#lanes.get(lane);
    if (known !== undefined) known.records -= 1;
    if (known?.records === 0) this.#lanes.delete(lane);
    const order = orderOfRecord(record);
    if (order === null) return;
    const left = (this.#orders.get(order) ?? 0) - 1;
    if (left > 0) this.#orders.set(order, left);
    else this.#orders.delete(order);
  }
}
