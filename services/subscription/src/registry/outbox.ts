import type { Logger, Metrics } from '@tidings/observability';
import { type Clock, messageOf } from '@tidings/runtime';
import type { metricsCatalogue } from '../metrics.ts';
import type { DocumentKind } from './document-kind.ts';
import type { Versioned } from './domain/versioned.ts';
import type { AuditLog, DocumentStore, DocumentTopic, Settled } from './ports.ts';

/**
 * Reason of a publish: the request that wrote the version, or the repair of a crash or a race. copy: only the copy differs,
 * and only that is published.
 */
export type PublishCause = 'write' | 'sweep' | 'stale' | 'difference' | 'copy';

/** Dependencies of the outbox. `waitMs`: maximum time that a request waits for the acknowledgement of its version. */
export type OutboxParts<T extends Versioned> = Readonly<{
  kind: DocumentKind<T>;
  store: Pick<DocumentStore<T>, 'settle'>;
  topic: Pick<DocumentTopic<T>, 'publish' | 'publishCopy'>;
  audit: Pick<AuditLog, 'append'>;
  clock: Clock;
  logger: Logger;
  metrics: Metrics<typeof metricsCatalogue>['handles'];
  waitMs: number;
}>;

type PendingPublish<T> = { newest: T; cause: PublishCause; readonly finished: Promise<boolean> };

/**
 * Publishes versions, one at a time per document, so that this process never has two versions of one key in flight, and
 * copies their audit entries to the log. Failed versions stay marked in the registry, and the sweep publishes them.
 */
export class Outbox<T extends Versioned> {
  readonly #parts: OutboxParts<T>;
  readonly #pending = new Map<string, PendingPublish<T>>();

  constructor(parts: OutboxParts<T>) {
    this.#parts = parts;
  }

  /** Returns true while a version of this document is being published. */
  isBusy(id: string): boolean {
    return this.#pending.has(id);
  }

  /** Returns true when this or a newer version of the document is acknowledged, false if publishing failed for now. */
  async publish(entity: T, cause: PublishCause): Promise<boolean> {
    const busy = this.#pending.get(entity.id);
    if (busy !== undefined) {
      if (entity.version > busy.newest.version) {
        busy.newest = entity;
        busy.cause = cause;
      }
      return busy.finished;
    }
    // The pending publish runs in a later microtask, when it is already in the map.
    const pending: PendingPublish<T> = {
      newest: entity,
      cause,
      finished: Promise.resolve().then(() => this.#run(pending)),
    };
    this.#pending.set(entity.id, pending);
    return pending.finished;
  }

  /** Publishes like `publish`, but returns false after `waitMs`; the publish then continues in the background. */
  async announce(entity: T): Promise<boolean> {
    let cancel = (): void => {};
    const late = new Promise<boolean>((resolve) => {
      cancel = this.#parts.clock.setTimer(() => resolve(false), this.#parts.waitMs);
    });
    try {
      return await Promise.race([this.publish(entity, 'write'), late]);
    } finally {
      cancel();
    }
  }

  /** Copies the audit entry of a version that needs no publishing. Returns false if that failed for now. */
  async copyAudit(entity: T): Promise<boolean> {
    const isAudited = await this.#appendAudit(entity);
    if (isAudited) await this.#settle(entity, { isPublished: false, isAudited });
    return isAudited;
  }

  /** Waits for the publishes in progress. */
  async close(): Promise<void> {
    await Promise.all([...this.#pending.values()].map(({ finished }) => finished));
  }

  async #run(pending: PendingPublish<T>): Promise<boolean> {
    try {
      for (;;) {
        const entity = pending.newest;
        const isPublished = await this.#publishOne(entity, pending.cause);
        if (!isPublished || pending.newest === entity) return isPublished;
      }
    } finally {
      this.#pending.delete(pending.newest.id);
    }
  }

  async #publishOne(entity: T, cause: PublishCause): Promise<boolean> {
    const [isPublished, isAudited] = await Promise.all([
      this.#send(entity, cause),
      entity.audit === null ? false : this.#appendAudit(entity),
    ]);
    await this.#settle(entity, { isPublished, isAudited });
    return isPublished;
  }

  async #send(entity: T, cause: PublishCause): Promise<boolean> {
    const { kind, topic, clock, logger, metrics } = this.#parts;
    const beganMs = clock.monotonicMs();
    const seconds = (): number => (clock.monotonicMs() - beganMs) / 1_000;
    try {
      await (cause === 'copy' ? topic.publishCopy(entity) : topic.publish(entity));
    } catch (error) {
      metrics.publishSeconds.observe({ outcome: 'failed' }, seconds());
      const fields = { ...kind.logFields(entity), cause, detail: messageOf(error) };
      logger.warn(fields, `${kind.name}.not-published`);
      return false;
    }
    metrics.publishSeconds.observe({ outcome: 'ok' }, seconds());
    metrics.published.inc({ kind: kind.name, cause });
    return true;
  }

  async #appendAudit(entity: T): Promise<boolean> {
    const { kind, audit, logger } = this.#parts;
    if (entity.audit === null) return true;
    try {
      await audit.append(entity.audit);
      return true;
    } catch (error) {
      logger.warn({ ...kind.logFields(entity), detail: messageOf(error) }, `${kind.name}.not-audited`);
      return false;
    }
  }

  // The version is in effect whether or not this succeeds: the mark only prevents the sweep from repeating the work.
  async #settle(entity: T, settled: Settled): Promise<void> {
    const { kind, store, logger } = this.#parts;
    try {
      await store.settle(entity.id, entity.version, settled);
    } catch (error) {
      logger.warn({ ...kind.logFields(entity), detail: messageOf(error) }, `${kind.name}.not-marked`);
    }
  }
}
