import type { AuditEntry } from './domain/audit-entry.ts';
import type { AuditLog } from './ports.ts';

/** Dependencies of the publication. `publish` resolves when all in-sync replicas have the records. */
export type PublishAuditParts = Readonly<{
  audit: Pick<AuditLog, 'listUnpublished' | 'markPublished' | 'listUncopied' | 'markCopied'>;
  publish(entries: readonly AuditEntry[]): Promise<void>;
}>;

const batchSize = 200;

/**
 * Publishes the audit entries that may not be on the topic yet, after a crash an entry again: readers know it by its
 * id. The first time, publishes the whole log, which may be older than the topic. Returns the number of records.
 */
export async function publishAudit({ audit, publish }: PublishAuditParts): Promise<number> {
  let published = 0;
  for (;;) {
    const entries = await audit.listUncopied(batchSize);
    if (entries.length > 0) await publish(entries);
    await audit.markCopied(entries.at(-1)?.id ?? null);
    published += entries.length;
    if (entries.length === 0) break;
  }
  for (;;) {
    const entries = await audit.listUnpublished(batchSize);
    if (entries.length === 0) return published;
    await publish(entries);
    await audit.markPublished(entries.map(({ id }) => id));
    published += entries.length;
  }
}
