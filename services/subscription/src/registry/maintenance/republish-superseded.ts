import { type Documents, newestVersionOf } from '../documents.ts';
import type { Versioned } from '../domain/versioned.ts';

/** Dependencies of the repair of superseded records. */
export type SupersededParts<T extends Versioned> = Pick<
  Documents<T>,
  'kind' | 'store' | 'outbox' | 'topicVersions' | 'copyVersions' | 'logger' | 'metrics'
>;

/**
 * Publishes the current version of each document whose last record on the topic is an older one. Cause: two instances,
 * one of them stalled between its write and its publish. An id is removed from `superseded` once it is repaired and
 * stays there otherwise.
 */
export async function republishSuperseded<T extends Versioned>(
  parts: SupersededParts<T>,
  superseded: Set<string>,
): Promise<number> {
  const { kind, store, outbox, logger, metrics } = parts;
  let repaired = 0;
  for (const id of [...superseded]) {
    // Removed before the document is read, so that a record that arrives later adds it again.
    superseded.delete(id);
    const isDone = await republish(id).catch((error: unknown) => {
      superseded.add(id);
      throw error;
    });
    if (isDone) repaired += 1;
    else superseded.add(id);
  }
  return repaired;

  async function republish(id: string): Promise<boolean> {
    const current = await store.findAnywhere(id);
    // Purged in the meantime: the comparison with the registry handles the remaining record.
    if (current === null) return true;
    // Readers hold a version that the registry does not have: publishing again would not fix that.
    if (current.version < newestVersionOf(parts, id)) return true;
    metrics.differences.inc({ kind: kind.name, how: 'overtaken' });
    logger.warn(kind.logFields(current), `${kind.name}.superseded`);
    return outbox.publish(current, 'stale');
  }
}
