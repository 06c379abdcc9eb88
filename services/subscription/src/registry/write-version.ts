import { etagOf, type IfMatch, idempotencyWindowMs } from '@tidings/http';
import { AppError } from '@tidings/runtime';
import { type Documents, newestVersionOf } from './documents.ts';
import type { Actor } from './domain/audit-entry.ts';
import type { Versioned } from './domain/versioned.ts';
import type { Scope } from './ports.ts';
import { isEntryOf, withAudit } from './write-audit.ts';

/** Dependencies of every use case that writes. */
export type WriteParts<T extends Versioned> = Pick<
  Documents<T>,
  | 'kind'
  | 'store'
  | 'outbox'
  | 'audit'
  | 'clock'
  | 'logger'
  | 'metrics'
  | 'topicVersions'
  | 'copyVersions'
  | 'presence'
>;

/** Target, expected version and actor of a write. `name`: the caller's name for the document, if not its id. */
export type Target = Readonly<{ scope: Scope; id: string; name?: string; ifMatch: IfMatch; by: Actor }>;

/** A version, and whether it is known to be in effect on the event path. */
export type Written<T> = Readonly<{ entity: T; propagated: boolean }>;

/** A write; `operation` names it in metrics, in the audit log and in the log line `<kind>.<operation>`. */
export type Write<T> = Readonly<{
  operation: string;
  /** Returns the next version, or the same object if nothing changes. */
  change(current: T): T | Promise<T>;
}>;

// Each lost race means that another write succeeded, so this many in a row indicate a writer in a loop.
const maxTries = 10;

type Named = Pick<Documents<Versioned>['kind'], 'title'>;

/** Returns the error for a document that does not exist in the caller's scope, even if it exists elsewhere. */
export const notFound = ({ title }: Named, id: string): AppError =>
  new AppError({ code: 'not-found', message: `There is no ${title} '${id}'.` });

function refuseStale({ title }: Named, { ifMatch }: Target, current: Versioned): void {
  if (ifMatch === null || ifMatch.has(current.version)) return;
  const etag = etagOf(current);
  const message = `The ${title} is version ${current.version}, which If-Match does not allow: read it again and repeat the change with If-Match: ${etag}.`;
  throw new AppError({ code: 'precondition-failed', message });
}

/** Returns the target document. Throws AppError `not-found`, and `precondition-failed` by If-Match. */
export async function findTarget<T extends Versioned>(
  { kind, store }: Pick<Documents<T>, 'kind' | 'store'>,
  target: Target,
): Promise<T> {
  const current = await store.find(target.scope, target.id);
  if (current === null || current.state === 'deleted') throw notFound(kind, target.name ?? target.id);
  refuseStale(kind, target, current);
  return current;
}

const auditPage = 100;

/** Returns true if the audit log has a change of this document by an earlier run of the same request. */
async function isInAuditLog<T extends Versioned>(
  { kind, audit, clock }: WriteParts<T>,
  { scope, id, runId }: Readonly<{ scope: Scope; id: string; runId: string }>,
): Promise<boolean> {
  // Older entries cannot belong to a request whose idempotency key is still valid; doubled to allow for clock skew.
  const sinceMs = clock.nowMs() - 2 * idempotencyWindowMs;
  const whole = { ...scope, consumerId: null };
  for (let afterId: string | null = null; ; ) {
    const query = { kind: kind.name, entityId: id, keyId: null, afterId, limit: auditPage };
    const { items, nextAfterId } = await audit.list(whole, query);
    if (items.some((entry) => isEntryOf(entry, runId))) return true;
    if (nextAfterId === null || (items.at(-1)?.atMs ?? 0) < sinceMs) return false;
    afterId = nextAfterId;
  }
}

/**
 * Returns the current document if an earlier run of this request has written it, else null. A run after a crash checks
 * this first, so that one request changes a document once.
 */
export async function writtenBefore<T extends Versioned>(
  parts: WriteParts<T>,
  { scope, id, by }: Pick<Target, 'scope' | 'id' | 'by'>,
): Promise<Written<T> | null> {
  if (by.run?.isRepeat !== true) return null;
  const { id: runId } = by.run;
  const current = await parts.store.find(scope, id);
  if (current === null || current.state === 'deleted') return null;
  const isOwn =
    (current.audit !== null && isEntryOf(current.audit, runId)) ||
    (await isInAuditLog(parts, { scope, id, runId }));
  if (!isOwn) return null;
  const propagated = current.isUnpublished ? await parts.outbox.announce(current) : true;
  return { entity: current, propagated };
}

/**
 * Writes the next version of a document: reads, changes, writes by compare-and-set, and publishes. After a lost race it
 * retries on the version that won, unless If-Match names a version. A document that an earlier run of the same request
 * has written stays unchanged.
 */
export async function writeVersion<T extends Versioned>(
  parts: WriteParts<T>,
  target: Target,
  write: Write<T>,
): Promise<Written<T>> {
  const { kind, store, outbox, clock, logger, metrics } = parts;
  const { operation } = write;
  const beganMs = clock.monotonicMs();
  for (let tries = 1; tries <= maxTries; tries += 1) {
    const before = await writtenBefore(parts, target);
    if (before !== null) return before;
    const current = await findTarget(parts, target);
    const next = await write.change(current);
    if (next === current) return { entity: current, propagated: !current.isUnpublished };
    const audited = await withAudit(parts, { operation, by: target.by, current, next });
    if (await store.replace(audited, current.version)) {
      const propagated = await outbox.announce(audited);
      metrics.writes.inc({ kind: kind.name, operation });
      const durationMs = Math.round(clock.monotonicMs() - beganMs);
      logger.info(
        { ...kind.logFields(next), keyId: target.by.keyId, propagated, tries, durationMs },
        `${kind.name}.${operation}`,
      );
      return { entity: audited, propagated };
    }
    metrics.writeConflicts.inc({});
  }
  const message = `The ${kind.title} changed ${maxTries} times while this request was in progress: repeat the request.`;
  throw new AppError({ code: 'conflict', message, retryable: true });
}

/**
 * Throws AppError `unavailable` if the topics have a document that the database has lost: version 1 would take the place of
 * what a restore needs.
 */
async function refuseLost<T extends Versioned>(parts: WriteParts<T>, id: string): Promise<void> {
  const version = newestVersionOf(parts, id);
  if (version === 0 || (await parts.store.findAnywhere(id)) !== null) return;
  const message = `The registry has lost the ${parts.kind.title} '${id}', of which the topics have version ${version}: run registry:restore.`;
  throw new AppError({ code: 'unavailable', message });
}

/**
 * Writes version 1 of a document and publishes it. Returns null if the id is taken. Throws AppError `unavailable` if the
 * database has lost the document, or may have.
 */
export async function writeFirst<T extends Versioned>(
  parts: WriteParts<T>,
  { entity, by }: Readonly<{ entity: T; by: Actor }>,
): Promise<Written<T> | null> {
  const { kind, store, outbox, clock, logger, metrics, presence } = parts;
  const operation = 'created';
  const beganMs = clock.monotonicMs();
  presence.require();
  await refuseLost(parts, entity.id);
  const audited = await withAudit(parts, { operation, by, current: null, next: entity });
  if (!(await store.insert(audited))) return null;
  const propagated = await outbox.announce(audited);
  metrics.writes.inc({ kind: kind.name, operation });
  const durationMs = Math.round(clock.monotonicMs() - beganMs);
  const fields = { ...kind.logFields(entity), keyId: by.keyId, propagated, durationMs };
  logger.info(fields, `${kind.name}.created`);
  return { entity: audited, propagated };
}
