import { type BreakerOpened, decodeBreakerOpened, topics } from '@tidings/contracts';
import type { Bus, Table } from '@tidings/kafka';
import type { Clock } from '@tidings/runtime';

const idleMs = 60_000;

/**
 * Follows the topic of breakers while somebody looks, and for a minute after that: a consumer that nobody needs would
 * cost heartbeats and fetches at rest.
 */
export class BreakerFollower {
  readonly #bus: Pick<Bus, 'table'>;
  readonly #clock: Clock;
  #table: Promise<Table<BreakerOpened>> | undefined;
  #cancelIdle: () => void = () => {};

  constructor(bus: Pick<Bus, 'table'>, clock: Clock) {
    this.#bus = bus;
    this.#clock = clock;
  }

  /** Returns the newest records, once all have been read. */
  async read(): Promise<readonly BreakerOpened[]> {
    this.#cancelIdle();
    this.#cancelIdle = this.#clock.setTimer(() => void this.close(), idleMs);
    this.#table ??= this.#bus.table({
      topic: topics.breakers,
      service: 'history',
      decode: (record) => {
        const value = decodeBreakerOpened(record);
        return { key: value.subscriptionId, version: value.atMs, value };
      },
    });
    const table = await this.#table;
    await table.ready();
    return [...table.values()];
  }

  async close(): Promise<void> {
    this.#cancelIdle();
    const table = this.#table;
    this.#table = undefined;
    await (await table)?.close();
  }
}
