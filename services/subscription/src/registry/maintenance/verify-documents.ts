import { sleep } from '@tidings/runtime';
import type { Documents } from '../documents.ts';
import type { Versioned } from '../domain/versioned.ts';
import { type Difference, differenceOf } from './compare-topic.ts';
import { pagesOf } from './sweep-unpublished.ts';

/** Dependencies of the verification. */
export type VerifyParts<T extends Versioned> = Pick<
  Documents<T>,
  'kind' | 'store' | 'topicVersions' | 'copyVersions' | 'clock'
>;

/** A document or record that differs from its counterpart. `isOfCopy`: true where only its copy does. */
export type Disagreement = Readonly<{
  id: string;
  how: Difference | 'unpublished' | 'orphan';
  isOfCopy?: true;
}>;

/** Result of comparing a kind with its topic. `documents`: includes deleted documents that are not purged yet. */
export type Verified = Readonly<{
  kind: string;
  documents: number;
  records: number;
  disagreements: readonly Disagreement[];
}>;

// A write in progress differs for a short time: publishing takes milliseconds, the sweep seconds.
const settleWithinMs = 10_000;
const recheckMs = 500;

function disagreementOf<T extends Versioned>(parts: VerifyParts<T>, entity: T): Disagreement | null {
  const { id } = entity;
  if (entity.isUnpublished) return { id, how: 'unpublished' };
  const difference = differenceOf(entity, parts);
  if (difference === null) return null;
  const { how, isOfCopy } = difference;
  return { id, how, ...(isOfCopy && { isOfCopy }) };
}

async function recheck<T extends Versioned>(parts: VerifyParts<T>, id: string): Promise<Disagreement | null> {
  const entity = await parts.store.findAnywhere(id);
  if (entity !== null) return disagreementOf(parts, entity);
  if (parts.topicVersions.lastOf(id) !== undefined) return { id, how: 'orphan' };
  return parts.copyVersions.lastOf(id) === undefined ? null : { id, how: 'orphan', isOfCopy: true };
}

/**
 * Compares every document with the last record of its key, and every record with its document, without changing
 * anything. The topic must have been read to its end, and reading continues: documents that differ only because of a
 * write in progress agree when checked again.
 */
export async function verifyDocuments<T extends Versioned>(parts: VerifyParts<T>): Promise<Verified> {
  const { kind, store, topicVersions, copyVersions, clock } = parts;
  const known = new Set<string>();
  let suspects: Disagreement[] = [];
  for await (const page of pagesOf(async (request) => store.listAll(request))) {
    for (const entity of page) {
      known.add(entity.id);
      const disagreement = disagreementOf(parts, entity);
      if (disagreement !== null) suspects.push(disagreement);
    }
  }
  const ids = new Set([...topicVersions.keys(), ...copyVersions.keys()]);
  for (const id of ids) if (!known.has(id)) suspects.push({ id, how: 'orphan' });
  const deadlineMs = clock.monotonicMs() + settleWithinMs;
  while (suspects.length > 0) {
    const seen = await Promise.all(suspects.map(async ({ id }) => recheck(parts, id)));
    suspects = seen.flatMap((one) => one ?? []);
    if (clock.monotonicMs() >= deadlineMs) break;
    if (suspects.length > 0) await sleep(clock, recheckMs);
  }
  return { kind: kind.name, documents: known.size, records: topicVersions.size, disagreements: suspects };
}
