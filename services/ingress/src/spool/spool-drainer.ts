import { setMaxListeners } from 'node:events';
import type { WebhookReceived } from '@tidings/contracts';
import { isTransient, type Producer } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { backoffMs, type Clock, messageOf, sleep } from '@tidings/runtime';
import { inOwnSpan, recordDrained } from '../adapters/trace-sends.ts';
import { outgoingOf } from './domain/spooled-record.ts';
import { type Lane, lanes } from './lanes.ts';
import type { Spool } from './spool.ts';
import type { SpoolBatch, SpooledAt } from './spool-reader.ts';

/**
 * Options of a drainer. `onAcknowledged` is called whenever the log has taken something of a lane; `writeFacts` with what is
 * to be written about its webhooks: it rejects only if the signal is aborted.
 */
export type DrainerOptions = Readonly<{
  spool: Pick<Spool, 'read' | 'keepAside' | 'done' | 'refuse' | 'whenFilled'>;
  producer: Pick<Producer, 'publishAll'>;
  clock: Clock;
  logger: Logger;
  onAcknowledged: (lane: Lane) => void;
  writeFacts: (facts: readonly WebhookReceived[], signal: AbortSignal) => Promise<void>;
}>;

const backoff = { baseMs: 200, maxMs: 5_000, random: Math.random };

/**
 * Brings the records of a spool to the log: those of a lane one batch after the other in their order, each with the time at
 * which it was accepted. A batch leaves the spool when all in-sync replicas have all of it.
 */
export class SpoolDrainer {
  readonly #options: DrainerOptions;
  readonly #ending = new AbortController();
  readonly #running: Promise<unknown>;
  /** Lanes in whose next batch a record is refused for what it is. */
  readonly #refusing = new Set<Lane>();

  constructor(options: DrainerOptions) {
    this.#options = options;
    // Each lane waits for the log and the disk.
    setMaxListeners(0, this.#ending.signal);
    this.#running = Promise.all(lanes.map(async (lane) => this.#run(lane)));
  }

  /** Ends without waiting for the log: what it has not acknowledged stays in the spool. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }

  async #run(lane: Lane): Promise<void> {
    const { spool, clock, logger } = this.#options;
    const { signal } = this.#ending;
    for (let failures = 0; !signal.aborted; ) {
      try {
        const batch = await spool.read(lane, signal);
        if (batch === undefined) await spool.whenFilled(lane, signal);
        else await this.#drain(batch);
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        logger.error({ lane, failures, detail: messageOf(error) }, 'spool.drain-failed');
        await sleep(clock, backoffMs({ attempt: failures, ...backoff }), signal);
      }
    }
  }

  async #drain(batch: SpoolBatch): Promise<void> {
    const { spool } = this.#options;
    const { lane, records } = batch;
    await spool.keepAside(batch.damaged);
    const isRefusing = this.#refusing.has(lane) || !(await this.#isPublished(records));
    if (!isRefusing) {
      await this.#finish(batch);
      return;
    }
    // One of them is refused for what it is: each by itself, in order. Those before it are not sent again with it.
    this.#refusing.add(lane);
    for (const one of records) {
      await this.#publishOrRefuse(one);
      await this.#finish({ lane, records: [one], damaged: [], end: one.end });
    }
    this.#refusing.delete(lane);
    await spool.done({ ...batch, records: [] });
  }

  async #finish(batch: SpoolBatch): Promise<void> {
    const { spool, logger, onAcknowledged, writeFacts } = this.#options;
    const { lane, records } = batch;
    if (records.length > 0) onAcknowledged(lane);
    const facts = records.flatMap(({ record }) => record.fact ?? []);
    // Before they leave the spool. If this process ends here, the events are repeated, and the facts are not lost.
    if (facts.length > 0) await writeFacts(facts, this.#ending.signal);
    await spool.done(batch);
    if (records.length > 0) logger.debug({ lane, records: records.length }, 'spool.lane-drained');
  }

  async #publishOrRefuse(one: SpooledAt): Promise<void> {
    try {
      await this.#publish([one]);
    } catch (error) {
      if (isTransient(error)) throw error;
      await this.#options.spool.refuse(one.record, messageOf(error));
    }
  }

  async #isPublished(records: readonly SpooledAt[]): Promise<boolean> {
    try {
      await this.#publish(records);
      return true;
    } catch (error) {
      if (isTransient(error)) throw error;
      return false;
    }
  }

  // Without a deadline: the producer repeats a send until it succeeds, in order by partition.
  async #publish(records: readonly SpooledAt[]): Promise<void> {
    if (records.length === 0) return;
    const { producer, clock } = this.#options;
    const startMs = clock.nowMs();
    const given = records.map(({ record }) => record);
    const written = given.map(inOwnSpan);
    await producer.publishAll(written.map(outgoingOf), { signal: this.#ending.signal });
    recordDrained({ given, written, startMs });
  }
}
