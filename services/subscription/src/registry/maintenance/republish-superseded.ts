import type { Documents } from '../documents.ts';
import type { Versioned } from '../domain/versioned.ts';

/** What the repair of overtaken records works with. */
export type SupersededParts<T extends Versioned> = Pick<
  Documents<T>,
  'kind' | 'store' | 'outbox' | 'topicVersions' | 'logger' | 'metrics'
>;

/**
 * Publishes the current version of each document whose last record on the topic is an older one: two instances, one of
 * them stalled between its write and its publish. `overtaken` loses an id when that is done, and keeps it otherwise.
 */
export async function republishSuperseded<T extends Versioned>(
  { kind, store, outbox, topicVersions, logger, metrics }: SupersededParts<T>,
  superseded: Set<string>,
): Promise<number> {
  let repaired = 0;
  for (const id of [...superseded]) {
    // Off the list before it is read: a record that lands from here on puts it back.
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
    // Purged in the meantime: the comparison with the registry deals with what is left on the topic.
    if (current === null) return true;
    // Its readers hold a version that the registry does not have: publishing it again would not end that.
    if (current.version < topicVersions.newestVersionOf(id)) return true;
    metrics.differences.inc({ kind: kind.name, how: 'overtaken' });
    logger.warn(kind.logFields(current), `${kind.name}.overtaken`);
    return outbox.publish(current, 'stale');
  }
}
