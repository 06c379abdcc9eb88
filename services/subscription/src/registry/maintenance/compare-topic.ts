import type { Documents } from '../documents.ts';
import { systemActor } from '../domain/audit-entry.ts';
import { digestOf } from '../domain/record-digest.ts';
import { isDueForPurge, raisedAbove, type Versioned } from '../domain/versioned.ts';
import { withAudit } from '../write-audit.ts';
import { pagesOf } from './sweep-unpublished.ts';

/** Dependencies of the comparison. */
export type CompareParts<T extends Versioned> = Omit<Documents<T>, 'waitMs'>;

/** Result of a comparison. `orphans`: records without a document in the registry. */
export type Comparison = Readonly<{
  compared: number;
  republished: number;
  tombstones: number;
  orphans: number;
}>;

/** Kind of difference between a document and its last record. */
export type Difference = 'missing' | 'older' | 'newer' | 'other';

/** Returns how the topic differs from a document, or null if it does not. */
export function differenceOf<T extends Versioned>(
  entity: T,
  { kind, topicVersions, clock }: Pick<Documents<T>, 'kind' | 'topicVersions' | 'clock'>,
): Difference | null {
  // A record published during a purge would outlive its document.
  if (isDueForPurge(entity, clock.nowMs())) return null;
  const last = topicVersions.lastOf(entity.id);
  if (last === undefined) return 'missing';
  // The database lost an acknowledged write, or was restored from a backup.
  if (topicVersions.newestVersionOf(entity.id) > entity.version) return 'newer';
  if (last.version < entity.version) return 'older';
  const { value } = kind.encode(entity);
  return value !== null && digestOf(value) === last.digest ? null : 'other';
}

/** Publishes every document whose last record is not its current version. The registry is authoritative. */
export async function compareTopic<T extends Versioned>(parts: CompareParts<T>): Promise<Comparison> {
  const known = new Set<string>();
  const states = new Map<string, number>();
  let republished = 0;
  for await (const page of pagesOf(async (request) => parts.store.listAll(request))) {
    for (const entity of page) {
      known.add(entity.id);
      states.set(entity.state, (states.get(entity.state) ?? 0) + 1);
      if (await repair(parts, entity)) republished += 1;
    }
  }
  const kind = parts.kind.name;
  for (const state of parts.kind.states) parts.metrics.documents.set({ kind, state }, states.get(state) ?? 0);
  const unknownRecords = await handleUnknownRecords(parts, known);
  const comparison = { compared: known.size, republished, ...unknownRecords };
  parts.logger.info({ kind, ...comparison }, 'registry.compared');
  return comparison;
}

async function repair<T extends Versioned>(parts: CompareParts<T>, entity: T): Promise<boolean> {
  const { kind, outbox, logger, metrics } = parts;
  // It is being published, or the sweep will publish it.
  if (entity.isUnpublished || outbox.isBusy(entity.id)) return false;
  const how = differenceOf(entity, parts);
  if (how === null) return false;
  const current = how === 'newer' ? await raise(parts, entity.id) : entity;
  if (current === null) return false;
  metrics.differences.inc({ kind: kind.name, how });
  logger.warn({ ...kind.logFields(entity), how }, `${kind.name}.differed`);
  return outbox.publish(current, 'difference');
}

// A write reaches the registry before the topic, so a document read after the topic is at least as new, unless the
// registry lost a write.
async function raise<T extends Versioned>(parts: CompareParts<T>, id: string): Promise<T | null> {
  const { store, topicVersions, clock } = parts;
  const newestVersion = topicVersions.newestVersionOf(id);
  const current = await store.findAnywhere(id);
  if (current === null || current.version >= newestVersion) return null;
  const next = raisedAbove(current, newestVersion, clock.nowMs());
  const raised = await withAudit(parts, { operation: 'raised', by: systemActor, current, next });
  return (await store.replace(raised, current.version)) ? raised : null;
}

/**
 * Handles records without a document. A deleted one is left when a purge is interrupted, and a tombstone is published
 * for it. Any other means that the database lost documents: removing the records as well would remove all of them from
 * the event path, so they stay and an error is logged.
 */
async function handleUnknownRecords<T extends Versioned>(
  { kind, store, topic, topicVersions, logger, metrics }: CompareParts<T>,
  known: ReadonlySet<string>,
): Promise<Readonly<{ tombstones: number; orphans: number }>> {
  let tombstones = 0;
  let orphans = 0;
  for (const id of [...topicVersions.keys()].filter((candidate) => !known.has(candidate))) {
    // It was written after its page was read.
    if ((await store.findAnywhere(id)) !== null) continue;
    const last = topicVersions.lastOf(id);
    if (last === undefined) continue;
    if (last.isDeleted) {
      await topic.publishTombstone(id);
      tombstones += 1;
      continue;
    }
    orphans += 1;
    metrics.differences.inc({ kind: kind.name, how: 'orphan' });
    logger.error({ kind: kind.name, id, version: last.version }, `${kind.name}.orphaned`);
  }
  return { tombstones, orphans };
}
