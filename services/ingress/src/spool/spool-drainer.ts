import { topics } from '@tidings/contracts';
import { isTransient, type Producer } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { backoffMs, type Clock, messageOf, sleep } from '@tidings/runtime';
import type { SpooledRecord } from './domain/spooled-record.ts';
import type { Spool } from './spool.ts';
import type { SpoolBatch } from './spool-reader.ts';

/** Options of a drainer. `onAcknowledged` is called whenever the log has taken something. */
export type DrainerOptions = Readonly<{
  spool: Pick<Spool, 'read' | 'done' | 'refuse' | 'whenFilled'>;
  producer: Pick<Producer, 'publishAll'>;
  clock: Clock;
  logger: Logger;
  onAcknowledged: () => void;
}>;

const backoff = { baseMs: 200, maxMs: 5_000, random: Math.random };

/**
 * Brings the records of a spool to the log, one batch after the other in their order, each with the time at which it was
 * accepted. A batch leaves the spool when all in-sync replicas have all of it.
 */
export class SpoolDrainer {
  readonly #options: DrainerOptions;
  readonly #ending = new AbortController();
  readonly #running: Promise<void>;

  constructor(options: DrainerOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /** Ends without waiting for the log: what it has not acknowledged stays in the spool. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { spool, clock, logger } = this.#options;
    const { signal } = this.#ending;
    for (let failures = 0; !signal.aborted; ) {
      try {
        const batch = await spool.read();
        if (batch === undefined) await spool.whenFilled(signal);
        else await this.#drain(batch);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        logger.error({ failures, detail: messageOf(error) }, 'spool.drain-failed');
        await sleep(clock, backoffMs({ attempt: failures, ...backoff }), signal);
      }
    }
  }

  async #drain(batch: SpoolBatch): Promise<void> {
    const { spool, logger, onAcknowledged } = this.#options;
    const { records } = batch;
    try {
      await this.#publish(records);
    } catch (error) {
      if (isTransient(error)) throw error;
      // One of them is refused for what it is: each by itself, in order.
      for (const record of records) await this.#publishOrRefuse(record);
    }
    onAcknowledged();
    await spool.done(batch);
    logger.info({ records: records.length }, 'spool.drained');
  }

  async #publishOrRefuse(record: SpooledRecord): Promise<void> {
    try {
      await this.#publish([record]);
    } catch (error) {
      if (isTransient(error)) throw error;
      await this.#options.spool.refuse(record, messageOf(error));
    }
  }

  // Without a deadline: the producer repeats a send until it succeeds, in order by partition.
  async #publish(records: readonly SpooledRecord[]): Promise<void> {
    const outgoing = records.map((record) => ({ topic: topics.events, ...record }));
    await this.#options.producer.publishAll(outgoing, { signal: this.#ending.signal });
  }
}
