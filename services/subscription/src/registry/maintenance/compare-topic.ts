import { type Documents, newestVersionOf } from '../documents.ts';
import { systemActor } from '../domain/audit-entry.ts';
import { digestOf } from '../domain/record-digest.ts';
import type { TopicRecord, TopicVersions } from '../domain/topic-versions.ts';
import { isDueForPurge, purgedUpToMs, raisedAbove, type Versioned } from '../domain/versioned.ts';
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

/** A difference, and whether the copies have it rather than the topic of the kind. */
export type Differing = Readonly<{ how: Difference; isOfCopy: boolean }>;

/** Returns how the topic of its kind, or else its copy, differs from a document, or null if neither does. */
export function differenceOf<T extends Versioned>(
  entity: T,
  { kind, topicVersions, copyVersions, clock }: DifferenceParts<T>,
): Differing | null {
  // A record published during a purge would outlive its document.
  if (isDueForPurge(entity, clock.nowMs())) return null;
  const { value } = kind.encode(entity);
  const how = differenceIn(topicVersions, entity, () => (value === null ? '' : digestOf(value)));
  if (how !== null) return { how, isOfCopy: false };
  const ofCopy = differenceIn(copyVersions, entity, () => kind.copyDigest(entity));
  return ofCopy && { how: ofCopy, isOfCopy: true };
}

type DifferenceParts<T extends Versioned> = Pick<
  Documents<T>,
  'kind' | 'topicVersions' | 'copyVersions' | 'clock'
>;

function differenceIn(versions: TopicVersions, entity: Versioned, digest: () => string): Difference | null {
  const last = versions.lastOf(entity.id);
  if (last === undefined) return 'missing';
  // The database lost an acknowledged write, or was restored from a backup.
  if (versions.newestVersionOf(entity.id) > entity.version) return 'newer';
  if (last.version < entity.version) return 'older';
  return digest() === last.digest ? null : 'other';
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
    }
    // After an update every document of a large registry may differ: one after the other would take minutes.
    const repaired = await Promise.all(page.map(async (entity) => repair(parts, entity)));
    republished += repaired.filter(Boolean).length;
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
  const difference = differenceOf(entity, parts);
  if (difference === null) return false;
  const { how, isOfCopy } = difference;
  const current = how === 'newer' ? await raise(parts, entity.id) : entity;
  if (current === null) return false;
  // The first comparison of a release with copies writes all of them: that is no fault of any document.
  if (isOfCopy && how === 'missing') return outbox.publish(current, 'copy');
  metrics.differences.inc({ kind: kind.name, how });
  logger.warn({ ...kind.logFields(entity), how, isOfCopy }, `${kind.name}.differed`);
  return outbox.publish(current, isOfCopy && how !== 'newer' ? 'copy' : 'difference');
}

// A write reaches the registry before the topic, so a document read after the topic is at least as new, unless the
// registry lost a write.
async function raise<T extends Versioned>(parts: CompareParts<T>, id: string): Promise<T | null> {
  const { store, clock } = parts;
  const newestVersion = newestVersionOf(parts, id);
  const current = await store.findAnywhere(id);
  if (current === null || current.version >= newestVersion) return null;
  const next = raisedAbove(current, newestVersion, clock.nowMs());
  const raised = await withAudit(parts, { operation: 'raised', by: systemActor, current, next });
  return (await store.replace(raised, current.version)) ? raised : null;
}

// Before its time only a lost database is without a deleted document: its pending deliveries would be dead-lettered.
// Releases before the copies left records whose time is not known.
const isOfPurge = ({ isDeleted }: TopicRecord, copy: TopicRecord | undefined, nowMs: number): boolean =>
  isDeleted && (copy?.deletedAtMs ?? 0) <= purgedUpToMs(nowMs);

/**
 * Handles records without a document. One whose document was due for the purge is left when a purge is interrupted, and a
 * tombstone is published for it. Any other means that the database lost documents: removing the records as well would
 * remove all of them from the event path, so they stay and an error is logged.
 */
async function handleUnknownRecords<T extends Versioned>(
  { kind, store, topic, topicVersions, copyVersions, clock, logger, metrics }: CompareParts<T>,
  known: ReadonlySet<string>,
): Promise<Readonly<{ tombstones: number; orphans: number }>> {
  let tombstones = 0;
  let orphans = 0;
  const ids = new Set([...topicVersions.keys(), ...copyVersions.keys()]);
  for (const id of [...ids].filter((candidate) => !known.has(candidate))) {
    // It was written after its page was read.
    if ((await store.findAnywhere(id)) !== null) continue;
    const copy = copyVersions.lastOf(id);
    const last = topicVersions.lastOf(id) ?? copy;
    if (last === undefined) continue;
    if (isOfPurge(last, copy, clock.nowMs())) {
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
