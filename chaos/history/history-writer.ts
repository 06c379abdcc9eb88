import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { HistoryRecord } from './record.ts';

/** Writes the records of a run, one a line, as they happen: a run that is interrupted leaves what it has seen. */
export class HistoryWriter {
  readonly #stream;
  readonly #counts = new Map<HistoryRecord['kind'], number>();

  constructor(file: string) {
    this.#stream = createWriteStream(file);
  }

  write(record: HistoryRecord): void {
    this.#counts.set(record.kind, this.count(record.kind) + 1);
    this.#stream.write(`${JSON.stringify(record)}\n`);
  }

  /** Returns the number of records of a kind that were written. */
  count(kind: HistoryRecord['kind']): number {
    return this.#counts.get(kind) ?? 0;
  }

  async close(): Promise<void> {
    this.#stream.end();
    await finished(this.#stream);
  }
}
