import type { Documents } from '../documents.ts';
import { purgedUpToMs, type Versioned } from '../domain/versioned.ts';
import { pagesOf } from './sweep-unpublished.ts';

/** Dependencies of the purge. */
export type PurgeParts<T extends Versioned> = Pick<
  Documents<T>,
  'kind' | 'store' | 'topic' | 'audit' | 'clock' | 'logger' | 'metrics' | 'onPurge'
>;

/**
 * Removes documents that were deleted 15 days ago: the record first, then the document. A crash in between leaves a
 * document that is purged again, never a record without a document.
 */
export async function purgeDeleted<T extends Versioned>(parts: PurgeParts<T>): Promise<number> {
  const { kind, store, topic, audit, clock, logger, metrics } = parts;
  const upTo = { deleted_at_ms: purgedUpToMs(clock.nowMs()) };
  const where = { in: { state: ['deleted'] }, upTo };
  let purged = 0;
  for await (const page of pagesOf(async (request) => store.listAll({ ...request, where }))) {
    for (const entity of page) {
      await topic.publishTombstone(entity.id);
      metrics.published.inc({ kind: kind.name, cause: 'tombstone' });
      // The document contains its audit entry, so the entry is copied to the log first.
      if (entity.audit !== null) await audit.append(entity.audit);
      await parts.onPurge?.(entity.id);
      await store.purge(entity.id, entity.version);
      logger.info(kind.logFields(entity), `${kind.name}.purged`);
      purged += 1;
    }
  }
  return purged;
}
