import { AppError } from './app-error.ts';

/** Report of a closed resource; `error` is set if closing failed or exceeded its time. */
export type CloseReport = Readonly<{ name: string; tookMs: number; error?: unknown }>;

type Resource = Readonly<{ name: string; close: () => Promise<void> | void }>;

// Time reserved for each resource still to close, so that one that hangs cannot use up the time of the others.
const reserveMs = 250;

/**
 * Opened resources of a service. `close` closes them in the reverse order of opening, each within the rest of the
 * deadline, and continues after a failure: the others must still be closed.
 */
export class Resources {
  readonly #open: Resource[] = [];
  readonly #report: (report: CloseReport) => void;
  #closing: Promise<void> | undefined;

  constructor(report: (report: CloseReport) => void = () => {}) {
    this.#report = report;
  }

  /** Adds the close function of `name`. After closing has begun, the resource is closed at once instead. */
  add(name: string, close: () => Promise<void> | void): void {
    const resource = { name, close };
    if (this.#closing === undefined) this.#open.push(resource);
    else this.#closing = Promise.all([this.#closing, this.#closeOne(resource, reserveMs)]).then(() => {});
  }

  /**
   * Closes all resources, once; a second call waits for the first. Never rejects: failures go to the report callback.
   */
  async close(deadlineMs: number): Promise<void> {
    this.#closing ??= this.#closeAll(deadlineMs);
    await this.#closing;
  }

  async #closeAll(deadlineMs: number): Promise<void> {
    const endMs = performance.now() + deadlineMs;
    for (let resource = this.#open.pop(); resource !== undefined; resource = this.#open.pop()) {
      const leftMs = endMs - performance.now() - reserveMs * this.#open.length;
      await this.#closeOne(resource, Math.max(leftMs, Math.min(reserveMs, deadlineMs)));
    }
  }

  async #closeOne(resource: Resource, timeoutMs: number): Promise<void> {
    const beganMs = performance.now();
    const tookMs = () => Math.round(performance.now() - beganMs);
    try {
      await within(timeoutMs, resource);
      this.#report({ name: resource.name, tookMs: tookMs() });
    } catch (error) {
      this.#report({ name: resource.name, tookMs: tookMs(), error });
    }
  }
}

async function within(timeoutMs: number, { name, close }: Resource): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `${name} did not close within ${Math.round(timeoutMs)} ms`;
    timer = setTimeout(() => reject(new AppError({ code: 'timeout', message })), timeoutMs);
  });
  try {
    await Promise.race([close(), late]);
  } finally {
    clearTimeout(timer);
  }
}
