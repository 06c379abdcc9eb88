import type { RunCommand } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import { Places } from '../attempts/places.ts';
import { retryOf } from '../domain/decide.ts';
import type { RunFact } from '../domain/run-fact.ts';
import type { WorkerParts } from '../worker/worker-parts.ts';
import type { RunEntry } from './run-entry.ts';
import type { RunStore } from './run-store.ts';

type Options = Readonly<{
  parts: WorkerParts;
  store: RunStore;
  /** Adds a fact to a run. Resolves when it is acknowledged. */
  record: (entry: RunEntry, fact: RunFact) => Promise<void>;
  /** Called before a failed run is retried. */
  onRetry: (entry: RunEntry) => void;
}>;

// Each needs the state of its run, which may be as large as a record, until its effect is acknowledged.
const maxAtOnce = 50;

/** Retries and cancels runs of one partition, as people ask for it. */
export class RunCommands {
  readonly #options: Options;
  readonly #places = new Places(maxAtOnce);

  constructor(options: Options) {
    this.#options = options;
  }

  /** Carries out a command. Resolves when its effect is acknowledged, or at once if it has none. */
  async carryOut(command: RunCommand): Promise<void> {
    if (!(await this.#places.enter()))
      throw new AppError({ code: 'closed', message: 'the partition was lost' });
    try {
      await this.#carryOutOne(command);
    } finally {
      this.#places.leave();
    }
  }

  /** Carries out none that waits. */
  close(): void {
    this.#places.stop();
  }

  async #carryOutOne(command: RunCommand): Promise<void> {
    const { parts, store } = this.#options;
    const entry = store.get(command.runId);
    if (entry === undefined) {
      const { runId, type } = command;
      parts.logger.warn({ runId, command: type }, 'run-command.unknown-run');
      return;
    }
    await entry.starting;
    await store.whenLoaded(entry, async () => this.#change(entry, command));
  }

  async #change(entry: RunEntry, command: RunCommand): Promise<void> {
    const { parts, record, onRetry } = this.#options;
    const { logger } = parts;
    const handler = parts.handlers.get(entry.handler);
    if (command.type === 'RunCancelRequested.v1') {
      if (entry.isEnding) {
        entry.unload();
        return;
      }
      entry.abort(new Error(`the run was cancelled by ${command.by}`));
      await record(entry, { type: 'RunCancelled', by: command.by, reason: command.reason });
      return;
    }
    const { sequence, failure } = entry.newest;
    const isDue = entry.status === 'failed' && sequence === command.sequence;
    // Of a state that was too large the results are gone, which later steps would need.
    if (!isDue || handler === undefined || failure?.reason === 'state-too-large') {
      logger.warn({ runId: command.runId, status: entry.status }, 'run-command.not-retried');
      entry.unload();
      return;
    }
    onRetry(entry);
    await record(entry, retryOf(handler.plan, entry.newest));
  }
}
