import {
  appTopics,
  runId as asRunId,
  decodeRun,
  decodeRunLogEntry,
  deriveEventId,
  encodeEvent,
  isNewerRun,
  type RunRecorded,
  topics,
  workspaceId,
} from '@tidings/contracts';
import type { Bus, IncomingRecord } from '@tidings/kafka';
import { CrashingProcess, createMemoryBus, type MemoryBus } from '@tidings/kafka/testing';
import { type Logger, silentLogger } from '@tidings/observability';
import { type FakeClock, fakeClock } from '@tidings/runtime/testing';
import { Registry } from 'prom-client';
import { onTestFinished } from 'vitest';
import type { HandlerNode } from '../handlers/chain.ts';
import { defineHandler, type HandlerOptions } from '../handlers/handler.ts';
import { type StepContext, type StepOptions, step } from '../handlers/step.ts';
import { RunningWorker } from '../worker/running-worker.ts';
import type { WorkerOptions } from '../worker/worker-options.ts';

/** A call of the function of a step. */
export type Call = Readonly<{
  worker: string;
  runId: string;
  step: string;
  attempt: number;
  idempotencyKey: string;
  /** True if the log had its success before the epoch of the caller began. */
  isRepeat: boolean;
}>;

/** A handler of a worker. */
export type Defined = Readonly<{ pattern: string; node: HandlerNode<never>; options?: HandlerOptions }>;

type Work = (input: unknown, context: StepContext) => unknown;

/** Defines a step whose calls are recorded. In a crashed process they have neither effect nor end. */
export type DefineStep = (name: string, work?: Work, options?: StepOptions) => HandlerNode<unknown>;

/** A worker in a world, and the process around it. */
export type Started = Readonly<{
  worker: RunningWorker;
  process: CrashingProcess;
  name: string;
  registry: Registry;
}>;

type Life = Readonly<{
  handlers: (define: DefineStep) => readonly Defined[];
  /** Time that a send needs. Default 0. */
  delayMs?: () => number;
  crashAt?: number;
  commitLagMs?: number;
  options?: Partial<WorkerOptions>;
  /** Bytes of states that it keeps in memory. Default: as many as it likes. */
  stateBytes?: number;
  logger?: Logger;
}>;

type Published = Readonly<{ key?: string | null; traceparent?: string | null }>;

export const app = 'shop';

/** One log, and the workers of an application on it, one after the other or several. */
export class World {
  readonly clock: FakeClock = fakeClock();
  readonly bus: MemoryBus = createMemoryBus({ clock: this.clock });
  readonly own = appTopics(app);
  readonly calls: Call[] = [];
  readonly running: Started[] = [];
  /** Reads records for every worker in place of the bus. */
  reads: Bus['readRecords'] | undefined;
  #started = 0;
  #published = 0;

  /** Starts a worker. */
  async start({
    handlers,
    delayMs = () => 0,
    crashAt,
    commitLagMs = 0,
    options = {},
    stateBytes,
    logger = silentLogger,
  }: Life): Promise<Started> {
    this.#started += 1;
    const name = `w${this.#started}`;
    const process = new CrashingProcess(this.bus, this.clock, {
      delayMs,
      ...(crashAt !== undefined && { crashAt }),
      commitLagMs,
      onDeath: () => {},
    });
    const define: DefineStep = (stepName, work, stepOptions) =>
      this.#step({
        worker: name,
        process,
        name: stepName,
        ...(work && { work }),
        options: stepOptions ?? {},
      });
    const defined = handlers(define).map(({ pattern, node, options: own = {} }) =>
      defineHandler(pattern, node as HandlerNode, own),
    );
    const registry = new Registry();
    const worker = new RunningWorker({
      options: { brokers: ['memory:1'], app, ...options },
      handlers: new Map(defined.map((handler) => [handler.name, handler])),
      // The others use the same one.
      bus: {
        ...process.bus,
        readRecords: async (wanted) => (this.reads ?? process.bus.readRecords)(wanted),
        close: async () => {},
      },
      clock: this.clock,
      logger,
      registry,
      owner: name,
      ...(stateBytes !== undefined && { stateBytes }),
    });
    const started = { worker, process, name, registry };
    this.running.push(started);
    onTestFinished(async () => this.#end(started));
    const ready = worker.start(this.own);
    ready.catch(() => {});
    await this.clock.advance(100);
    return started;
  }

  /** Takes a process out of its group: one that has crashed, or one that does not notice. */
  async remove(started: Started): Promise<void> {
    this.running.splice(this.running.indexOf(started), 1);
    await started.process.loseGroup();
  }

  /** Publishes an event. Returns its id. */
  async publish(eventType: string, data: unknown, { key = null, traceparent = null }: Published = {}) {
    this.#published += 1;
    const id = deriveEventId({ workspaceId: 'ws', source: '/shop', callerId: String(this.#published) });
    await this.#append(eventType, id, { data, key, traceparent });
    return id;
  }

  async #append(
    eventType: string,
    id: ReturnType<typeof deriveEventId>,
    { data, key, traceparent }: Required<Published> & Readonly<{ data: unknown }>,
  ): Promise<void> {
    const record = encodeEvent(
      {
        id,
        callerId: null,
        workspaceId: workspaceId('ws'),
        consumerId: null,
        eventType,
        source: '/shop',
        time: new Date(this.clock.nowMs()).toISOString(),
        orderingKey: key,
        traceparent,
        data: Buffer.from(JSON.stringify(data)),
      },
      { isRepeatable: true },
    );
    const producer = await this.bus.producer();
    await producer.publish({ topic: topics.events, ...record });
  }

  /** Appends the record of an event once more, as a producer does that missed an acknowledgement. */
  async repeat(index = 0): Promise<void> {
    const record = this.bus.records(topics.events)[index] as IncomingRecord;
    const { key, headers, value, partition } = record;
    const producer = await this.bus.producer();
    await producer.publish({ topic: topics.events, key, headers, value, partition });
  }

  #step({
    worker,
    process,
    name,
    work = () => name,
    options,
  }: Readonly<{
    worker: string;
    process: CrashingProcess;
    name: string;
    work?: Work;
    options: StepOptions;
  }>): HandlerNode<unknown> {
    return step<unknown, unknown>(name, options, async (input, context) => {
      if (!process.step()) await new Promise(() => {});
      const { runId, attempt, idempotencyKey } = context;
      const isRepeat = this.#isRecorded(runId, name, worker);
      this.calls.push({ worker, runId, step: name, attempt, idempotencyKey, isRepeat });
      return work(input, context);
    });
  }

  /** The newest state of each run, from `tidings.runs`. */
  runs(): RunRecorded[] {
    const newest = new Map<string, RunRecorded>();
    for (const record of this.bus.records(topics.runs)) {
      const run = decodeRun(record);
      const known = newest.get(run.runId);
      if (known === undefined || isNewerRun(run, known)) newest.set(run.runId, run);
    }
    return [...newest.values()];
  }

  readonly run = (id: string) => this.runs().find(({ runId }) => runId === asRunId(id));

  /** Names of the steps called, in order. */
  get called(): string[] {
    return this.calls.map(({ step: name }) => name);
  }

  /** Returns true if the success of a step was acknowledged in front of the newest epoch of a worker. */
  #isRecorded(runId: string, name: string, worker: string): boolean {
    const records = this.bus.records(this.own.runLog);
    const partition = records.find(({ key }) => key?.startsWith(`${runId}/`) === true)?.partition;
    const log = records.filter((record) => record.partition === partition);
    const began = log.findLastIndex(
      ({ key }) => key?.startsWith('epoch/') === true && key.includes(`/${worker}-`),
    );
    let epoch = 0;
    return log.slice(0, began).some((record) => {
      if (record.value === null || !['epoch', runId].includes(record.key?.split('/')[0] ?? '')) return false;
      const entry = decodeRunLogEntry(record);
      if (!('run' in entry)) {
        if (entry.type === 'EpochStarted.v1') epoch = Math.max(epoch, entry.epoch);
        return false;
      }
      // What is written behind a newer epoch is not acknowledged to its writer.
      if (entry.run.runId !== runId || entry.run.epoch < epoch) return false;
      return (
        entry.run.status === 'completed' ||
        entry.run.steps.some((one) => one.name === name && one.status === 'succeeded')
      );
    });
  }

  async #end(started: Started): Promise<void> {
    started.process.kill();
    await started.process.loseGroup();
    const closing = started.worker.close();
    await this.clock.advance(60_000);
    await closing;
  }
}
