import { AppError, type Clock, sleep } from '@tidings/runtime';
import type {
  OutgoingRecord,
  PartitionRunner,
  Producer,
  RecordPosition,
  RunPartitionsOptions,
} from '../bus.ts';
import type { MemoryBus } from './memory-bus.ts';

/** The course of a process's run. */
export type CrashPlan = Readonly<{
  /** Time that a send needs to reach the brokers, and that its acknowledgement needs to return. */
  delayMs: () => number;
  /**
   * The boundary at which the process crashes: every send, acknowledgement,
   * request and response is one. Default: none.
   */
  crashAt?: number;
  /** Time between the completion of a record and the commit of its offset. */
  commitLagMs: number;
  onDeath: () => void;
}>;

type Sending = Readonly<{
  record: OutgoingRecord;
  resolve: (position: RecordPosition) => void;
  reject: (error: unknown) => void;
}>;

const died = () => new AppError({ code: 'closed', message: 'the process was killed' });

/**
 * The brokers from the view of one process that crashes: after the crash none of its operations has an
 * effect. Sends to one partition keep their order, those to several are written one after the other, and any
 * of them may be written without its acknowledgement being received.
 */
export class CrashingProcess {
  readonly bus: MemoryBus;
  /** Its consumers, to which it hands over what is acknowledged. */
  readonly #own: MemoryBus;
  readonly #clock: Clock;
  readonly #plan: CrashPlan;
  readonly #wires = new Map<string, Sending[]>();
  #runner: PartitionRunner | undefined;
  #steps = 0;
  hasCrashed = false;

  constructor(bus: MemoryBus, clock: Clock, plan: CrashPlan) {
    this.#clock = clock;
    this.#plan = plan;
    this.#own = bus.peer();
    this.bus = {
      ...bus,
      producer: async (options) => this.#crashing(await bus.producer(options)),
      runPartitions: async (options) => this.#run(this.#own, options),
    };
  }

  /** Number of boundaries passed. */
  get steps(): number {
    return this.#steps;
  }

  /** Passes one boundary. Returns true when the process is still running. */
  step(): boolean {
    if (this.hasCrashed) return false;
    this.#steps += 1;
    if (this.#steps !== this.#plan.crashAt) return true;
    this.kill();
    this.#plan.onDeath();
    return false;
  }

  kill(): void {
    this.hasCrashed = true;
    for (const { reject } of [...this.#wires.values()].flat()) reject(died());
    this.#wires.clear();
  }

  /** Hands records over that were appended for it, as if by its own producer. */
  handOver(positions: readonly RecordPosition[]): void {
    if (!this.hasCrashed) this.#own.handOver(positions);
  }

  /** Reassigns its partitions without notifying it, like a process that was paused for too long. */
  async loseGroup(): Promise<void> {
    await this.#runner?.close({ drainMs: 0 });
  }

  async #run<T>(bus: MemoryBus, options: RunPartitionsOptions<T>): Promise<PartitionRunner> {
    const { commitLagMs } = this.#plan;
    this.#runner = await bus.runPartitions({
      ...options,
      onBatch: (batch) => {
        if (this.hasCrashed) return undefined;
        const items = batch.items.map((item) => {
          const { record, message } = item;
          const commit = () => {
            if (!this.hasCrashed) item.done();
          };
          const done = () => void this.#clock.setTimer(commit, commitLagMs);
          return { record, message, completion: { done }, done };
        });
        return options.onBatch({ ...batch, items });
      },
    });
    return this.#runner;
  }

  #crashing(producer: Producer): Producer {
    const send = async (record: OutgoingRecord): Promise<RecordPosition> => {
      if (this.hasCrashed) throw died();
      return this.#send(producer, record);
    };
    return {
      whenWritable: async () => producer.whenWritable(),
      close: async () => producer.close(),
      publish: send,
      publishAll: async (records) => Promise.all(records.map(send)),
    };
  }

  async #send(producer: Producer, record: OutgoingRecord): Promise<RecordPosition> {
    const wire = `${record.topic.name} ${record.partition ?? record.key}`;
    return new Promise((resolve, reject) => {
      const waiting = this.#wires.get(wire);
      const sending = { record, resolve, reject };
      if (waiting !== undefined) {
        waiting.push(sending);
        return;
      }
      const queue = [sending];
      this.#wires.set(wire, queue);
      void this.#pump(producer, wire, queue);
    });
  }

  async #pump(producer: Producer, wire: string, queue: Sending[]): Promise<void> {
    while (queue.length > 0) {
      await this.#wait();
      if (!this.step()) return;
      const batch = queue.slice();
      const positions = await Promise.all(batch.map(async ({ record }) => producer.publish(record)));
      await this.#wait();
      if (!this.step()) return;
      queue.splice(0, batch.length);
      this.handOver(positions);
      for (const [at, { resolve }] of batch.entries()) resolve(positions[at] as RecordPosition);
    }
    this.#wires.delete(wire);
  }

  async #wait(): Promise<void> {
    await sleep(this.#clock, this.#plan.delayMs());
  }
}
