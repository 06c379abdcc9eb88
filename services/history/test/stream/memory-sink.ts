import type { EndReason, FrameBatch, Sink } from '../../src/stream/ports.ts';

/** The connection of a reader in memory, which a test can stall. */
export class MemorySink implements Sink {
  readonly texts: string[] = [];
  /** While true, nothing that is sent leaves. */
  isStalled = false;
  endedBy: EndReason | undefined;
  #unsent = 0;
  #isClosed = false;
  readonly #listeners: (() => void)[] = [];

  /** The frames that were sent. */
  get frames(): { event: string; id: string; data: Record<string, unknown> }[] {
    return this.texts.map((text) => JSON.parse(text) as never);
  }

  get messages() {
    return this.frames.filter(({ event }) => ['event', 'attempt', 'state'].includes(event));
  }

  send(batch: FrameBatch): void {
    this.texts.push(...batch.texts);
    if (this.isStalled) this.#unsent += batch.sse.length;
  }

  unsentBytes(): number {
    return this.#unsent;
  }

  isClosed(): boolean {
    return this.#isClosed;
  }

  async drained(): Promise<void> {
    if (!this.isStalled) this.#unsent = 0;
  }

  end(reason: EndReason): void {
    this.endedBy = reason;
    this.close();
  }

  onClosed(listener: () => void): void {
    if (this.#isClosed) listener();
    else this.#listeners.push(listener);
  }

  /** Closes it, as its reader would. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const listener of this.#listeners) listener();
  }
}
