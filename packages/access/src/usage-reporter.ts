import { encodeKeyUsed, topics, type WorkspaceId } from '@tidings/contracts';
import type { Producer } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import { type Clock, messageOf } from '@tidings/runtime';

type Use = Readonly<{ workspaceId: WorkspaceId; atMs: number }>;

/** Dependencies of the usage reporter. */
export type UsageParts = Readonly<{ producer: Pick<Producer, 'publish'>; clock: Clock; logger: Logger }>;

const minuteMs = 60_000;
const flushEveryMs = 2_000;
const publishDeadlineMs = 5_000;

/** Reports which keys were used: one record per key and minute, never on the path of a request. */
export class UsageReporter {
  readonly #parts: UsageParts;
  /** Minute of the last report, by key. */
  readonly #reported = new Map<string, number>();
  #waiting = new Map<string, Use>();
  #cancel = (): void => {};
  #isFlushPlanned = false;

  constructor(parts: UsageParts) {
    this.#parts = parts;
  }

  used(keyId: string, workspaceId: WorkspaceId): void {
    const { clock } = this.#parts;
    const atMs = clock.nowMs();
    const minute = Math.floor(atMs / minuteMs);
    if (this.#reported.get(keyId) === minute) return;
    this.#reported.set(keyId, minute);
    this.#waiting.set(keyId, { workspaceId, atMs });
    if (this.#isFlushPlanned) return;
    this.#isFlushPlanned = true;
    this.#cancel = clock.setTimer(() => void this.flush(), flushEveryMs);
  }

  /** Sends the pending reports. A report that cannot be sent is dropped: the next minute reports the same key again. */
  async flush(): Promise<void> {
    this.#cancel();
    this.#isFlushPlanned = false;
    const waiting = this.#waiting;
    this.#waiting = new Map();
    const { producer, logger } = this.#parts;
    const sent = [...waiting].map(async ([keyId, use]) => {
      const wire = encodeKeyUsed({ type: 'KeyUsed.v1', keyId, ...use });
      await producer.publish({ topic: topics.keyUsage, ...wire }, { deadlineMs: publishDeadlineMs });
    });
    for (const result of await Promise.allSettled(sent)) {
      if (result.status === 'rejected')
        logger.debug({ detail: messageOf(result.reason) }, 'key-usage.not-sent');
    }
  }
}
