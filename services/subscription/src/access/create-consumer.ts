import type { Documents } from '../registry/documents.ts';
import type { Actor } from '../registry/domain/audit-entry.ts';
import { withAudit } from '../registry/write-audit.ts';
import { type WriteParts, type Written, writeFirst, writtenBefore } from '../registry/write-version.ts';
import {
  beginConsumer,
  type Consumer,
  type ConsumerDetails,
  type ConsumerRef,
  consumerKey,
  reviveConsumer,
} from './domain/consumer.ts';

/** A consumer to register, and the actor that registers it. */
export type ConsumerCreation = Readonly<{ ref: ConsumerRef; details: ConsumerDetails; by: Actor }>;

/** Registers a consumer and returns null if the id is taken. A deleted consumer is restored as a new version. */
export async function createConsumer(
  consumers: Documents<Consumer>,
  { ref, details, by }: ConsumerCreation,
): Promise<Written<Consumer> | null> {
  const id = consumerKey(ref);
  const scope = { workspaceId: ref.workspaceId, consumerId: null };
  const before = await writtenBefore(consumers, { scope, id, by });
  if (before !== null) return before;
  const nowMs = consumers.clock.nowMs();
  const written = await writeFirst(consumers, { entity: beginConsumer(ref, details, nowMs), by });
  if (written !== null) return written;
  const current = await consumers.store.findAnywhere(id);
  if (current?.state !== 'deleted') return null;
  const next = reviveConsumer(current, details, nowMs);
  return replaceDeleted(consumers, { current, next, by });
}

// Does not use writeVersion, which treats a deleted document as missing.
async function replaceDeleted(
  parts: WriteParts<Consumer>,
  { current, next, by }: Readonly<{ current: Consumer; next: Consumer; by: Actor }>,
): Promise<Written<Consumer> | null> {
  const audited = await withAudit(parts, { operation: 'created', by, current, next });
  if (!(await parts.store.replace(audited, current.version))) return null;
  const propagated = await parts.outbox.announce(audited);
  parts.logger.info({ ...parts.kind.logFields(next), keyId: by.keyId, propagated }, 'consumer.created');
  return { entity: audited, propagated };
}
