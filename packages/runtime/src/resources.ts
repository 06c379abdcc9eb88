import { AppError } from './app-error.ts';

/** Told about each resource as it closes; `error` is set when closing failed or took longer than it was given. */
export type CloseReport = Readonly<{ name: string; tookMs: number; error?: unknown }>;

type Resource = Readonly<{ name: string; close: () => Promise<void> | void }>;

// What is kept back for each resource that still waits, so that one that hangs cannot take the time of the others.
const reserveMs = 250;

/**
 * Everything a service has opened. `close` closes it in the reverse order of opening, each within what is left of the
 * deadline, and goes on when one fails: the rest must still be closed.
 */
export class Resources {
  readonly #open: Resource[] = [];
  readonly #report: (report: CloseReport) => void;
  #closing: Promise<void> | undefined;

  constructor(report: (report: CloseReport) => void = () => {}) {
    this.#report = report;
  }

  /** Remembers how to close `name`. After closing has begun the resource is closed at once instead. */
  add(name: string, close: () => Promise<void> | void): void {
    const resource = { name, close };
    if (this.#closing === undefined) this.#open.push(resource);
    else this.#closing = Promise.all([this.#closing, this.#closeOne(resource, reserveMs)]).then(() => {});
  }

  /** Closes all, once; a second call waits for the first. Never rejects: failures go to the report callback. */
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
