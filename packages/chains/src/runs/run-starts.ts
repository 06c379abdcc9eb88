import { deriveRunId, type RunEvent, type RunId } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import { newRun } from '../domain/new-run.ts';
import type { Handler } from '../handlers/handler.ts';
import { summaryOf } from '../log/restore-run-log.ts';
import type { WorkerParts } from '../worker/worker-parts.ts';
import type { KeyOrder } from './key-order.ts';
import { RunEntry } from './run-entry.ts';
import type { RunStore } from './run-store.ts';
import { tracedStart } from './trace-start.ts';

type Options = Readonly<{
  parts: WorkerParts;
  store: RunStore;
  order: KeyOrder;
  /** Called when the first state of a run is acknowledged. */
  onStarted: (entry: RunEntry) => void;
}>;

type Starting = Readonly<{ runId: RunId; event: RunEvent; data: string }>;

const lost = (): AppError => new AppError({ code: 'closed', message: 'the partition was lost' });

/** Starts the runs of the events of one partition. */
export class RunStarts {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  /**
   * Starts the run of an event in a handler, unless it is known: as soon as the handler has room for it. Resolves when its
   * first state is acknowledged.
   */
  async start(handler: Handler, event: RunEvent, data: string): Promise<void> {
    const { parts, store } = this.#options;
    const { app, admission } = parts;
    const runId = deriveRunId({ app, handler: handler.name, eventId: event.id });
    const known = store.get(runId);
    if (known !== undefined) return known.starting;
    return new Promise((resolve, reject) => {
      admission.start(handler.name, {
        owner: this,
        start: () => void this.#begin(handler, { runId, event, data }).then(resolve, reject),
        drop: () => reject(lost()),
      });
    });
  }

  /** Drops the events that are held. */
  close(): void {
    this.#options.parts.admission.drop(this);
  }

  async #begin(handler: Handler, { runId, event, data }: Starting): Promise<void> {
    const { parts, store, order, onStarted } = this.#options;
    const { app, clock, metrics, memory, admission } = parts;
    const known = store.get(runId);
    if (known !== undefined) return known.starting;
    if (store.isClosed) throw lost();
    const run = newRun({ app, handler: handler.name, event, epoch: store.epoch, nowMs: clock.nowMs() });
    const entry = new RunEntry(summaryOf(run), memory);
    entry.load({ run, data, size: data.length });
    store.add(entry);
    order.add(entry);
    admission.open(entry);
    metrics.started.inc({ handler: entry.handler });
    entry.starting = tracedStart({ app, handler: handler.name, runId, event }, async () =>
      store.write(entry, run),
    );
    await entry.starting;
    entry.starting = undefined;
    onStarted(entry);
    return undefined;
  }
}
