import type { Logger, Metrics } from '@tidings/observability';
import { type Clock, messageOf } from '@tidings/runtime';
import type { metricsCatalogue } from '../metrics.ts';
import type { DocumentKind } from './document-kind.ts';
import type { Versioned } from './domain/versioned.ts';
import type { AuditLog, DocumentStore, DocumentTopic, Settled } from './ports.ts';

/** Why a version is published: by the request that wrote it, or to repair what a crash or a race left. */
export type PublishCause = 'write' | 'sweep' | 'stale' | 'difference';

/** What the outbox works with. `waitMs`: the longest that a request waits for its version to be acknowledged. */
export type OutboxParts<T extends Versioned> = Readonly<{
  kind: DocumentKind<T>;
  store: Pick<DocumentStore<T>, 'settle'>;
  topic: Pick<DocumentTopic<T>, 'publish'>;
  audit: Pick<AuditLog, 'append'>;
  clock: Clock;
  logger: Logger;
  metrics: Metrics<typeof metricsCatalogue>['handles'];
  waitMs: number;
}>;

type PendingPublish<T> = { newest: T; cause: PublishCause; readonly finished: Promise<boolean> };

/**
 * Publishes versions, one at a time for each document, so that this process never has two versions of one key on their
 * way, and copies their audit entries to the log. What fails stays marked in the registry and the sweep takes it up.
 */
export class Outbox<T extends Versioned> {
  readonly #parts: OutboxParts<T>;
  readonly #pending = new Map<string, PendingPublish<T>>();

  constructor(parts: OutboxParts<T>) {
    this.#parts = parts;
  }

  /** True while a version of this document is on its way. */
  isBusy(id: string): boolean {
    return this.#pending.has(id);
  }

  /** True when this version, or a newer one of the same document, is acknowledged; false when that failed for now. */
  async publish(entity: T, cause: PublishCause): Promise<boolean> {
    const busy = this.#pending.get(entity.id);
    if (busy !== undefined) {
      if (entity.version > busy.newest.version) {
        busy.newest = entity;
        busy.cause = cause;
      }
      return busy.finished;
    }
    // The lane runs in a later microtask, when it is already in the map.
    const pending: PendingPublish<T> = {
      newest: entity,
      cause,
      finished: Promise.resolve().then(() => this.#run(pending)),
    };
    this.#pending.set(entity.id, pending);
    return pending.finished;
  }

  /** As `publish`, but false after the bound for requests; the version then goes on by itself. */
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

  /** Copies the audit entry of a version that needs no publishing. False when that failed for now. */
  async copyAudit(entity: T): Promise<boolean> {
    const isAudited = await this.#appendAudit(entity);
    if (isAudited) await this.#settle(entity, { isPublished: false, isAudited });
    return isAudited;
  }

  /** Waits for what is on its way. */
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
      await topic.publish(entity);
    } catch (error) {
      metrics.publishSeconds.observe({ outcome: 'failed' }, seconds());
      const fields = { ...kind.logFields(entity), cause, detail: messageOf(error) };
      logger.warn(fields, `${kind.name}.unpublished`);
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
      logger.warn({ ...kind.logFields(entity), detail: messageOf(error) }, `${kind.name}.unaudited`);
      return false;
    }
  }

  // The version is in force whether or not this succeeds: the mark only saves the sweep from doing it again.
  async #settle(entity: T, settled: Settled): Promise<void> {
    const { kind, store, logger } = this.#parts;
    try {
      await store.settle(entity.id, entity.version, settled);
    } catch (error) {
      logger.warn({ ...kind.logFields(entity), detail: messageOf(error) }, `${kind.name}.unmarked`);
    }
  }
}
