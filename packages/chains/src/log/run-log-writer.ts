import { decodeRunLogEntry, type TopicDefinition, type WireRecord } from '@tidings/contracts';
import type { Bus, OutgoingRecord, Producer, RecordPosition } from '@tidings/kafka';
import { AppError } from '@tidings/runtime';

/** A part of the run log that its owner writes to. */
export type RunLogWriterOptions = Readonly<{
  bus: Pick<Bus, 'readRange'>;
  producer: Pick<Producer, 'publishAll'>;
  runLog: TopicDefinition;
  partition: number;
  /** Epoch of this owner. */
  epoch: number;
  /** Offset after the record that started the epoch. */
  nextOffset: bigint;
  /**
   * Called for a record of this epoch that is in the log once more, behind the one that was acknowledged: a send that was
   * repeated after a broken connection. Compaction keeps the last record of a key.
   */
  onRepeated?: (key: string, offset: bigint) => void;
}>;

/** Records that become acknowledged together. */
type Append = Readonly<{
  records: readonly WireRecord[];
  /** Records for other topics, in the same send. */
  others: readonly OutgoingRecord[];
  resolve: (offsets: readonly bigint[]) => void;
  reject: (error: unknown) => void;
}>;

/** A record of this epoch that this writer has written before. */
type Repeated = Readonly<{ key: string; offset: bigint }>;

/** The outcome of a send: offsets of its records, those for other topics left out. */
type Sent = Readonly<{ offsets: readonly bigint[]; repeated: readonly Repeated[] }>;

const maxAppendsPerSend = 500;

const superseded = (partition: number): AppError =>
  new AppError({ code: 'closed', message: `another worker has taken over partition ${partition}` });

/**
 * Appends to one partition of the run log, for one epoch: `open → closed`, at the latest when a send fails. One send is under way at a time, and the offsets
 * of the acknowledged records must follow each other. Where they do not, what is in between is read: a newer epoch there
 * means that its owner has restored without these records, so they are not acknowledged to the caller.
 */
export class RunLogWriter {
  readonly #options: RunLogWriterOptions;
  #queue: Append[] = [];
  #nextOffset: bigint;
  #sending: Promise<void> | undefined;
  #isClosed = false;

  constructor(options: RunLogWriterOptions) {
    this.#options = options;
    this.#nextOffset = options.nextOffset;
  }

  get partition(): number {
    return this.#options.partition;
  }

  get epoch(): number {
    return this.#options.epoch;
  }

  /**
   * Appends records. Resolves with their offsets when they are acknowledged and no newer epoch is in front of them.
   * Rejects with AppError `closed` if one is, or if the writer or the producer is closed.
   */
  async append(
    records: readonly WireRecord[],
    others: readonly OutgoingRecord[] = [],
  ): Promise<readonly bigint[]> {
    if (this.#isClosed) throw superseded(this.#options.partition);
    return new Promise((resolve, reject) => {
      this.#queue.push({ records, others, resolve, reject });
      this.#sending ??= this.#send();
    });
  }

  /** Resolves when everything that was appended before has been acknowledged or rejected. Never rejects. */
  async flush(): Promise<void> {
    if (this.#sending === undefined) return;
    // Whatever is appended later does not delay it: a worker that stops gets events until it leaves its group.
    await this.append([]).catch(() => {});
  }

  /** Rejects what waits. Records under way may still be written. */
  close(): void {
    this.#isClosed = true;
    this.#rejectAll(this.#queue.splice(0), superseded(this.#options.partition));
  }

  async #send(): Promise<void> {
    // In the next turn, so that what is appended in this one shares the send.
    await Promise.resolve();
    while (this.#queue.length > 0) {
      const appends = this.#queue.splice(0, maxAppendsPerSend);
      let sent: Sent;
      try {
        sent = await this.#publish(appends);
      } catch (error) {
        // Nothing behind it is written: it would be restored in front of what has failed.
        this.#rejectAll(appends, error);
        this.close();
        continue;
      }
      let at = 0;
      for (const { records, resolve } of appends) {
        resolve(sent.offsets.slice(at, at + records.length));
        at += records.length;
      }
      for (const { key, offset } of sent.repeated) this.#options.onRepeated?.(key, offset);
    }
    this.#sending = undefined;
  }

  async #publish(appends: readonly Append[]): Promise<Sent> {
    const { producer, runLog: topic, partition } = this.#options;
    const own = appends.flatMap(({ records }) => records.map((record) => ({ topic, partition, ...record })));
    const others = appends.flatMap((append) => append.others);
    if (own.length + others.length === 0) return { offsets: [], repeated: [] };
    const positions = (await producer.publishAll([...own, ...others])).slice(0, own.length);
    const repeated = await this.#confirm(positions);
    if (this.#isClosed) throw superseded(partition);
    return { offsets: positions.map(({ offset }) => offset), repeated };
  }

  /** Advances over acknowledged records. Rejects if a newer epoch is among what others have written in front of them. */
  async #confirm(positions: readonly RecordPosition[]): Promise<readonly Repeated[]> {
    const own = new Set(positions.map(({ offset }) => offset));
    let last = this.#nextOffset - 1n;
    for (const offset of own) if (offset > last) last = offset;
    const from = this.#nextOffset;
    this.#nextOffset = last + 1n;
    if (last - from + 1n === BigInt(own.size)) return [];
    const { isNewer, repeated } = await this.#readBetween(from, last);
    if (isNewer) throw superseded(this.#options.partition);
    return repeated.filter(({ offset }) => !own.has(offset));
  }

  async #readBetween(
    from: bigint,
    last: bigint,
  ): Promise<Readonly<{ isNewer: boolean; repeated: Repeated[] }>> {
    const { bus, runLog: topic, partition, epoch } = this.#options;
    let isNewer = false;
    const repeated: Repeated[] = [];
    await bus.readRange({
      topic,
      partitions: [partition],
      from: { offsets: new Map([[partition, from]]) },
      until: new Map([[partition, last + 1n]]),
      service: 'chains',
      onRecord: (record) => {
        const { key, value, offset } = record;
        if (key === null || value === null) return;
        if (!key.startsWith('epoch/')) {
          if (key.endsWith(`/${epoch}`)) repeated.push({ key, offset });
          return;
        }
        const marker = decodeRunLogEntry(record);
        if ('type' in marker && marker.type === 'EpochStarted.v1' && marker.epoch > epoch) isNewer = true;
      },
    });
    return { isNewer, repeated };
  }

  #rejectAll(appends: readonly Append[], error: unknown): void {
    for (const { reject } of appends) reject(error);
  }
}
