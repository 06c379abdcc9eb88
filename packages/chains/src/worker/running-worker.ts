import { randomUUID } from 'node:crypto';
import { type AppTopics, appGroup, type RunRecorded, topics } from '@tidings/contracts';
import type { Assignment, Bus, PartitionRef, PartitionRunner, Producer } from '@tidings/kafka';
import { createMetrics, type Logger } from '@tidings/observability';
import { type Clock, messageOf, sleep } from '@tidings/runtime';
import type { Registry } from 'prom-client';
import { Alerts } from '../alert.ts';
import { HandlerQueue } from '../attempts/handler-queue.ts';
import { Places } from '../attempts/places.ts';
import type { Handler } from '../handlers/handler.ts';
import { chainsMetrics } from '../metrics.ts';
import { Admission } from '../runs/admission.ts';
import { StateMemory } from '../runs/state-memory.ts';
import { firstOffset } from './first-offset.ts';
import { OwnedPartition } from './owned-partition.ts';
import { createReadWork, type RecordedWork } from './read-work.ts';
import type { WorkerOptions } from './worker-options.ts';
import type { WorkerParts } from './worker-parts.ts';

type Options = Readonly<{
  options: WorkerOptions;
  handlers: ReadonlyMap<string, Handler>;
  bus: Bus;
  clock: Clock;
  logger: Logger;
  registry: Registry;
  /** Distinguishes this worker from all others. Default: a new UUID. */
  owner?: string;
  /** Bytes of states beyond which those of runs that do nothing stay in the log. Default 64 MiB. */
  stateBytes?: number;
}>;

const defaultStateBytes = 67_108_864;

const leaveMs = 5_000;
const startCheckMs = 100;

/** A worker on an open bus: `started → draining → closed`. Closes the bus with itself. */
export class RunningWorker {
  readonly #options: Options;
  readonly #startedAtMs: number;
  readonly #partitions = new Map<number, OwnedPartition>();
  /** Partitions that were assigned, and whether they are restored. */
  readonly #restored = new Map<number, Promise<void>>();
  readonly #resolveRestored = new Map<number, () => void>();
  readonly #queues: ReadonlyMap<string, HandlerQueue>;
  readonly #suspects = new Places(1);
  readonly #closing = new AbortController();
  readonly #alerts: readonly Alerts[];
  #runner: PartitionRunner | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: Options) {
    this.#options = options;
    this.#startedAtMs = options.clock.nowMs();
    const { clock, logger } = options;
    const { signal } = this.#closing;
    this.#alerts = (options.options.alerts ?? []).map(
      (target) => new Alerts(target, { clock, logger, signal }),
    );
    this.#queues = new Map(
      [...options.handlers.values()].map(({ name, concurrency }) => [name, new HandlerQueue(concurrency)]),
    );
  }

  /** Joins the group. Resolves when the partitions that were assigned first are restored. */
  async start(own: AppTopics): Promise<void> {
    const { options, handlers, bus, logger } = this.#options;
    const parts = this.#partsOn(own, await bus.producer());
    const workspaces = options.workspaces === undefined ? undefined : new Set(options.workspaces);
    this.#runner = await bus.runPartitions<RecordedWork>({
      group: appGroup(options.app),
      topics: [topics.events, own.commands],
      decode: createReadWork({
        handlers: [...handlers.values()],
        workspaces,
        commandsTopic: own.commands.name,
        logger,
      }),
      onAssigned: async (assignment) => this.#open(assignment, parts),
      onRevoked: (ref) => this.#revoke(ref),
      onBatch: ({ partition, items }) => {
        const owned = this.#partitions.get(partition);
        for (const { message, completion } of items) {
          if (message.kind === 'nothing') completion.done();
          else owned?.accept({ ...message, completion });
        }
      },
    });
    await this.#whenRestored();
  }

  /** See `Worker.close`. */
  async close(): Promise<void> {
    this.#closed ??= this.#close();
    await this.#closed;
  }

  #partsOn(own: AppTopics, producer: Producer): WorkerParts {
    const { options, handlers, bus, clock, logger, registry } = this.#options;
    const metrics = createMetrics(chainsMetrics, { service: options.app, registry }).handles;
    const memory = new StateMemory(this.#options.stateBytes ?? defaultStateBytes);
    const admission = new Admission(handlers);
    metrics.eventsHeld.collect((gauge) => {
      for (const { handler, count } of admission.held()) gauge.set({ handler }, count);
    });
    metrics.stateBytes.collect((gauge) => gauge.set({}, memory.bytes));
    metrics.runs.collect((gauge) => {
      const counts: Record<string, number> = {
        running: 0,
        waiting: 0,
        completed: 0,
        failed: 0,
        cancelled: 0,
      };
      for (const { runs } of this.#partitions.values()) {
        for (const { status } of runs?.entries() ?? []) counts[status] = (counts[status] ?? 0) + 1;
      }
      for (const [status, count] of Object.entries(counts)) gauge.set({ status }, count);
    });
    return {
      app: options.app,
      owner: this.#options.owner ?? randomUUID(),
      bus,
      producer,
      topics: own,
      handlers,
      queues: this.#queues,
      admission,
      suspects: this.#suspects,
      memory,
      clock,
      logger,
      metrics,
      onFailed: (run) => this.#tellOf(run),
    };
  }

  /** Restores a partition. Its commands wait for that. */
  async #open(assignment: Assignment, parts: WorkerParts): Promise<void> {
    const { partition } = assignment;
    const restored = this.#restoredOf(partition);
    if (assignment.topic !== topics.events.name) return restored;
    const { bus, logger } = this.#options;
    const owned = new OwnedPartition({
      parts,
      partition,
      fromOffset: async (assigned, known) =>
        firstOffset(assigned, known, { bus, startedAtMs: this.#startedAtMs, logger }),
      isAssigned: () => this.#isAssigned(partition),
    });
    this.#partitions.get(partition)?.close();
    this.#partitions.set(partition, owned);
    await owned.open(assignment);
    this.#resolveRestored.get(partition)?.();
    return undefined;
  }

  #isAssigned(partition: number): boolean {
    const runner = this.#runner;
    if (runner === undefined || runner.state() === 'stopped') return false;
    return runner.assigned().some((ref) => ref.topic === topics.events.name && ref.partition === partition);
  }

  async #restoredOf(partition: number): Promise<void> {
    let restored = this.#restored.get(partition);
    if (restored === undefined) {
      restored = new Promise((resolve) => void this.#resolveRestored.set(partition, resolve));
      this.#restored.set(partition, restored);
    }
    return restored;
  }

  /** Resolves when this worker is a member of its group, and what it was assigned is restored. */
  async #whenRestored(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#closing.signal.aborted) {
      if (this.#runner?.state() === 'running') {
        const assigned = this.#runner.assigned().filter(({ topic }) => topic === topics.events.name);
        await Promise.race([
          Promise.all(assigned.map(async ({ partition }) => this.#restoredOf(partition))),
          new Promise((resolve) => this.#closing.signal.addEventListener('abort', resolve)),
        ]);
        return;
      }
      await sleep(clock, startCheckMs, this.#closing.signal);
    }
  }

  #revoke({ topic, partition }: PartitionRef): void {
    if (topic !== topics.events.name) return;
    this.#partitions.get(partition)?.close();
    this.#partitions.delete(partition);
    this.#restored.delete(partition);
    this.#resolveRestored.delete(partition);
  }

  #tellOf(run: RunRecorded): void {
    const { options, logger } = this.#options;
    for (const alerts of this.#alerts) alerts.add(run);
    void Promise.resolve()
      .then(async () => options.onRunFailed?.(run))
      .catch((error: unknown) =>
        logger.error({ runId: run.runId, detail: messageOf(error) }, 'run.callback-failed'),
      );
  }

  async #close(): Promise<void> {
    const { options, bus, clock, logger } = this.#options;
    const late = new AbortController();
    this.#suspects.stop();
    const idle = Promise.all([...this.#queues.values()].map(async (queue) => queue.stop()));
    void idle.then(() => late.abort());
    await sleep(clock, (options.drain ?? 30) * 1_000, late.signal);
    const inFlight = [...this.#queues.values()].reduce((sum, queue) => sum + queue.inFlight, 0);
    if (inFlight > 0) logger.warn({ inFlight }, 'worker.attempts-aborted');
    const flushed = new AbortController();
    const flushing = Promise.all([...this.#partitions.values()].map(async (owned) => owned.flush()));
    void flushing.then(() => flushed.abort());
    // Brokers that are away must not keep the process.
    await sleep(clock, leaveMs, flushed.signal);
    this.#closing.abort();
    await this.#runner?.close({ drainMs: leaveMs });
    for (const owned of this.#partitions.values()) owned.close();
    this.#partitions.clear();
    await bus.close({ drainMs: 0 });
    logger.info({}, 'worker.closed');
  }
}
