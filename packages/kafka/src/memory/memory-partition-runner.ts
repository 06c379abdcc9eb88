import { runPeriodically } from '@tidings/runtime';
import {
  type PartitionRef,
  type PartitionRunner,
  partitionKey,
  type RunPartitionsOptions,
  type WorkerState,
} from '../bus.ts';
import { AssignedPartitions } from '../consumer/assigned-partitions.ts';
import { type AssignedPartitionsOptions, defaultCommitIntervalMs } from '../consumer/partition-source.ts';
import type { HandOver } from '../hand-over/hand-over.ts';
import { listenIfUrgent, PartitionHandOver } from '../hand-over/partition-hand-over.ts';
import type { MemoryConsumerGroup } from './memory-consumer-group.ts';
import type { MemoryLog } from './memory-log.ts';

export type MemoryPartitionRunnerOptions<T> = Readonly<{
  id: string;
  group: MemoryConsumerGroup;
  groupOf: (name: string) => MemoryConsumerGroup;
  log: MemoryLog;
  handOver: HandOver;
  run: RunPartitionsOptions<T>;
}> &
  Pick<AssignedPartitionsOptions<T>, 'poison' | 'clock' | 'logger' | 'metrics'>;

type Cursor = { readonly ref: PartitionRef; next: number; isPaused: boolean };

const maxBatchRecords = 500;

/** A group member of the memory bus: the same {@link AssignedPartitions} as over Kafka, fed from arrays. */
export class MemoryPartitionRunner<T> implements PartitionRunner {
  readonly #options: MemoryPartitionRunnerOptions<T>;
  readonly #partitions: AssignedPartitions<T>;
  readonly #handOver: PartitionHandOver<T>;
  readonly #cursors = new Map<string, Cursor>();
  readonly #removers: (() => void)[];
  #stopCommits: () => void = () => {};
  /** Set while a fetch waits for more records. */
  #cancelWait: (() => void) | undefined;
  #pulledAtMs = -Infinity;
  #isStopped = false;

  constructor(options: MemoryPartitionRunnerOptions<T>) {
    this.#options = options;
    const { group, groupOf, log, run, poison, clock, logger, metrics } = options;
    const committedOf = (ref: PartitionRef): number | null => {
      const former = run.formerGroup && groupOf(run.formerGroup(ref.topic));
      return group.commits.get(partitionKey(ref)) ?? former?.commits.get(partitionKey(ref)) ?? null;
    };
    this.#partitions = new AssignedPartitions({
      run,
      poison,
      clock,
      logger,
      metrics,
      source: {
        pause: (ref) => this.#cursor(ref, (cursor) => (cursor.isPaused = true)),
        resume: (ref) => {
          this.#cursor(ref, (cursor) => (cursor.isPaused = false));
          queueMicrotask(() => this.#fetch());
        },
        seek: (ref, offset) => this.#cursor(ref, (cursor) => (cursor.next = offset)),
        positions: async (refs) =>
          new Map(
            refs.map((ref) => {
              const high = log.records(ref.topic, ref.partition).length;
              return [partitionKey(ref), { committed: committedOf(ref), low: 0, high }];
            }),
          ),
        canCommit: () => true,
        commit: async (offsets) => {
          for (const { offset, ...ref } of offsets) group.commits.set(partitionKey(ref), offset);
        },
      },
    });
    this.#removers = run.topics.map((topic) => log.onAppend(topic, () => this.#fetch()));
    this.#handOver = new PartitionHandOver({
      ...{ run, clock, metrics },
      partitions: this.#partitions,
      isOwner: () => !this.#isStopped,
      onPassedOn: () => {},
    });
    this.#removers.push(listenIfUrgent(options.handOver, run, this.#handOver));
  }

  start(): void {
    const { id, group, run, clock } = this.#options;
    group.join({
      id,
      topics: run.topics,
      flush: () => {
        this.#handOver.stop();
        void this.#partitions.commit();
      },
      assigned: () => this.#partitions.assigned(),
      assign: (refs) => this.#assign(refs),
    });
    const everyMs = run.commitIntervalMs ?? defaultCommitIntervalMs;
    this.#stopCommits = runPeriodically({
      clock,
      firstMs: everyMs,
      everyMs,
      run: () => void this.#partitions.commit(),
    });
  }

  state(): WorkerState {
    if (this.#isStopped) return 'stopped';
    return this.#partitions.isRestarting ? 'restarting' : 'running';
  }

  pending(): number {
    return this.#partitions.pending();
  }

  assigned(): readonly PartitionRef[] {
    return this.#partitions.assigned();
  }

  async close({ drainMs = 10_000 }: Readonly<{ drainMs?: number }> = {}): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#stopCommits();
    this.#cancelWait?.();
    for (const remove of this.#removers) remove();
    this.#handOver.stop();
    await this.#partitions.close(drainMs);
    this.#options.group.leave(this.#options.id);
  }

  #assign(refs: readonly PartitionRef[]): void {
    const present = new Set(refs.map(partitionKey));
    for (const key of this.#cursors.keys()) if (!present.has(key)) this.#cursors.delete(key);
    for (const ref of refs) {
      if (!this.#cursors.has(partitionKey(ref)))
        this.#cursors.set(partitionKey(ref), { ref, next: 0, isPaused: true });
    }
    this.#partitions.assign(refs, { isSameMember: true });
  }

  #cursor(ref: PartitionRef, change: (cursor: Cursor) => void): void {
    const cursor = this.#cursors.get(partitionKey(ref));
    if (cursor !== undefined) change(cursor);
  }

  #fetch(): void {
    const { run, clock } = this.#options;
    const { minBytes = 1, maxWaitMs = 2_000, fetchIntervalMs = 0 } = run;
    const pauseMs = this.#pulledAtMs + fetchIntervalMs - clock.monotonicMs();
    const isTooLittle = minBytes > 1 && this.#waitingBytes() < minBytes;
    const waitMs = Math.max(pauseMs, isTooLittle ? maxWaitMs : 0);
    if (waitMs > 0) this.#cancelWait ??= clock.setTimer(() => this.#pull(), waitMs);
    else this.#pull();
  }

  #waitingBytes(): number {
    let bytes = 0;
    for (const { ref, next, isPaused } of this.#cursors.values()) {
      if (isPaused) continue;
      const records = this.#options.log.records(ref.topic, ref.partition);
      for (const { value } of records.slice(next)) bytes += value?.length ?? 0;
    }
    return bytes;
  }

  #pull(): void {
    this.#cancelWait?.();
    this.#cancelWait = undefined;
    this.#pulledAtMs = this.#options.clock.monotonicMs();
    for (const cursor of this.#cursors.values()) {
      while (!cursor.isPaused && !this.#isStopped && this.#pullOne(cursor));
    }
  }

  #pullOne(cursor: Cursor): boolean {
    const { ref, next } = cursor;
    const records = this.#options.log.records(ref.topic, ref.partition).slice(next, next + maxBatchRecords);
    if (records.length === 0) return false;
    const endOffset = next + records.length;
    // Before the handler runs, since it may seek.
    cursor.next = endOffset;
    return this.#partitions.deliver({ ref, fetchedOffset: next, endOffset, records });
  }
}
