import { backoffMs, type Clock, runPeriodically, sleep } from '@tidings/runtime';
import type { Consumer, EachBatchPayload } from 'kafkajs';
import type { WorkerState } from '../bus.ts';
import { detailOf } from '../client/errors.ts';
import type { KafkaMetricHandles } from '../metrics.ts';
import { within } from '../within.ts';
import { type ConsumerOptions, createConsumer, defaultSessionTimeoutMs } from './create-consumer.ts';

/** Lifecycle events of a consumer. Called from kafkajs's own loop: must return at once and never throw. */
export type ConsumerEvents = Readonly<{
  /** Called when a generation was joined: before its first fetch, so pauses and seeks made here are in time. */
  onJoined(
    join: Readonly<{ memberId: string; assignment: Readonly<Record<string, readonly number[]>> }>,
  ): void;
  /** Called before the group rejoins: the last chance to commit in the old generation. */
  onRebalancing?(): void;
  onBatch(payload: EachBatchPayload): void;
  /** Called when offsets without a record (control records, compacted away) have been passed. */
  onEmptyBatch?(batch: Readonly<{ topic: string; partition: number; lastOffset: string }>): void;
  /** Called when the consumer is closed and will be replaced: another group member may own its partitions. */
  onLost?(): void;
}>;

export type SupervisedConsumerOptions = ConsumerOptions &
  Readonly<{
    topics: readonly string[];
    clock: Clock;
    metrics: KafkaMetricHandles;
    events: ConsumerEvents;
    /** Creates the consumers; default kafkajs, each with its own client. */
    createConsumer?: (options: ConsumerOptions) => Consumer;
  }>;

const restartBackoff = { baseMs: 250, maxMs: 5_000, random: Math.random };
// After this time without a crash, the next one starts from a short back-off again.
const settledMs = 60_000;
const disconnectTimeoutMs = 5_000;
const joinTimeoutMs = 1_000;
const fencedPauseMs = 250;
const watchIntervalMs = 10_000;
// Fetches respond within maxWaitMs, empty or not; a loop without activity for this long hangs (kafkajs #1616: an idle
// fetcher keeps heartbeating, so the group never detects it).
const silenceMs = 30_000;

/**
 * `starting → running ⇄ restarting`, any → `stopped`. One kafkajs consumer at a time, each with its own client; after a
 * crash, a failed join or a hanging fetch loop it is discarded and replaced after a back-off.
 */
export class SupervisedConsumer {
  readonly #options: SupervisedConsumerOptions;
  readonly #stopWatch: () => void;
  #state: WorkerState = 'starting';
  #consumer: Consumer | undefined;
  #joining: Promise<void> = Promise.resolve();
  #isRejoining = false;
  #cancelRestart = (): void => {};
  #crashes = 0;
  #startedAtMs = 0;
  #lastFetchMs = 0;
  #lastHeartbeatMs = 0;

  constructor(options: SupervisedConsumerOptions) {
    this.#options = options;
    const { clock } = options;
    const run = (): void => this.#restartIfSilent();
    this.#stopWatch = runPeriodically({ clock, firstMs: watchIntervalMs, everyMs: watchIntervalMs, run });
  }

  get state(): WorkerState {
    return this.#state;
  }

  /** True while no other member of the group can own this one's partitions. */
  get isMember(): boolean {
    return this.#state === 'running' && !this.#isRejoining && !this.#isFenced;
  }

  /**
   * Pauses, resumes or seeks the consumer that has joined. Does nothing without one: the next join begins with the
   * whole assignment anyway.
   */
  control(work: (consumer: Consumer) => void): void {
    if (this.#consumer === undefined || this.#state !== 'running') return;
    try {
      work(this.#consumer);
    } catch (error) {
      // It is crashing: kafkajs removes its group before it reports the crash.
      const { endpoint, group } = this.#options;
      endpoint.logger.debug({ group, detail: detailOf(error) }, 'consumer.not-controllable');
    }
  }

  /** Starts in the background: unavailable brokers are a state, not an error. */
  start(): void {
    void this.#run();
  }

  /** Discards the current consumer and creates a new one. */
  restart(reason: string, error?: unknown): void {
    if (this.#consumer !== undefined) this.#replace(this.#consumer, reason, error);
  }

  async stop(): Promise<void> {
    this.#state = 'stopped';
    this.#stopWatch();
    this.#cancelRestart();
    const consumer = this.#consumer;
    this.#consumer = undefined;
    if (consumer === undefined) return;
    // kafkajs leaves only a group that it has joined: the group would keep a member that stops meanwhile for a session.
    await within(joinTimeoutMs, this.#joining);
    await within(disconnectTimeoutMs, consumer.disconnect());
  }

  async #run(): Promise<void> {
    const { clock, endpoint, topics } = this.#options;
    const consumer = (this.#options.createConsumer ?? createConsumer)(this.#options);
    this.#consumer = consumer;
    this.#startedAtMs = clock.monotonicMs();
    this.#lastFetchMs = this.#startedAtMs;
    try {
      this.#listen(consumer);
      await consumer.connect();
      await consumer.subscribe({ topics: [...topics], fromBeginning: true });
      if (this.#consumer !== consumer) {
        // Stopped while it connected: its sockets would keep the process alive.
        await within(disconnectTimeoutMs, consumer.disconnect());
        return;
      }
      const run = consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: async (payload) => this.#handle(consumer, payload),
      });
      this.#joining = run.catch(() => {});
      await run;
      endpoint.logger.debug({ group: this.#options.group }, 'consumer.started');
    } catch (error) {
      this.#replace(consumer, 'start', error);
    }
  }

  #listen(consumer: Consumer): void {
    const { clock, events, group, metrics, endpoint } = this.#options;
    const ifCurrent = (run: () => void) => {
      if (this.#consumer === consumer) this.#guarded(consumer, run);
    };
    const names = consumer.events;
    consumer.on(names.CRASH, ({ payload }) => this.#replace(consumer, 'crash', payload.error));
    consumer.on(names.HEARTBEAT, () => {
      this.#lastHeartbeatMs = clock.monotonicMs();
    });
    consumer.on(names.FETCH, () => {
      this.#lastFetchMs = clock.monotonicMs();
    });
    consumer.on(names.REBALANCING, () =>
      ifCurrent(() => {
        this.#isRejoining = true;
        events.onRebalancing?.();
      }),
    );
    consumer.on(names.END_BATCH_PROCESS, ({ payload }) => {
      if (payload.batchSize === 0) ifCurrent(() => events.onEmptyBatch?.(payload));
    });
    consumer.on(names.GROUP_JOIN, ({ payload }) =>
      ifCurrent(() => {
        const { memberId, memberAssignment: assignment } = payload;
        this.#state = 'running';
        this.#isRejoining = false;
        this.#lastHeartbeatMs = clock.monotonicMs();
        metrics.rebalances.inc({ group });
        endpoint.logger.info({ group, memberId, assignment }, 'consumer.joined');
        events.onJoined({ memberId, assignment });
      }),
    );
  }

  async #handle(consumer: Consumer, payload: EachBatchPayload): Promise<void> {
    if (this.#consumer !== consumer || !payload.isRunning()) return;
    const { clock, events } = this.#options;
    if (this.#isFenced) {
      // Records are not accepted until a heartbeat succeeds. Unresolved ones are fetched again, so not at once.
      await sleep(clock, fencedPauseMs);
      return;
    }
    this.#guarded(consumer, () => events.onBatch(payload));
  }

  /** True without a heartbeat for a whole session: the group may have reassigned the partitions. */
  get #isFenced(): boolean {
    const { clock, sessionTimeoutMs = defaultSessionTimeoutMs } = this.#options;
    return clock.monotonicMs() - this.#lastHeartbeatMs > sessionTimeoutMs;
  }

  // A throw into kafkajs's loop crashes the consumer or repeats its whole fetch, depending on the error's class.
  #guarded(consumer: Consumer, run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#replace(consumer, 'defect', error);
    }
  }

  #replace(consumer: Consumer, reason: string, error?: unknown): void {
    if (this.#consumer !== consumer || this.#state === 'stopped') return;
    const { clock, endpoint, group, metrics, events } = this.#options;
    this.#consumer = undefined;
    this.#state = 'restarting';
    if (clock.monotonicMs() - this.#startedAtMs > settledMs) this.#crashes = 0;
    this.#crashes += 1;
    const delayMs = backoffMs({ attempt: this.#crashes, ...restartBackoff });
    metrics.restarts.inc({ group, reason });
    // The first crash after a broker's crash is normal: "coordinator is loading" ends a join.
    const level = this.#crashes > 1 || reason === 'defect' ? 'warn' : 'info';
    const fields = { group, reason, crashes: this.#crashes, delayMs, detail: detailOf(error) };
    endpoint.logger[level](reason === 'defect' ? { ...fields, error } : fields, 'consumer.restarting');
    events.onLost?.();
    // The handler that runs this does not await it: kafkajs would in turn wait for the handler.
    void within(disconnectTimeoutMs, consumer.disconnect()).then(() => {
      if (this.#state !== 'stopped') this.#cancelRestart = clock.setTimer(() => void this.#run(), delayMs);
    });
  }

  #restartIfSilent(): void {
    const silentMs = this.#options.clock.monotonicMs() - this.#lastFetchMs;
    if (this.#state === 'running' && silentMs > silenceMs) this.restart('silent');
  }
}
