import { decodeAudit, topics } from '@tidings/contracts';
import type { Bus } from '@tidings/kafka';
import { readWhole } from '../registry/adapters/read-copies.ts';
import type { AuditEntry } from '../registry/domain/audit-entry.ts';
import type { AuditLog } from '../registry/ports.ts';

/** Result of restoring the audit log. `entries`: on the topic; `restored`: that the log did not have. */
export type AuditRestored = Readonly<{ entries: number; restored: number; unreadable: number }>;

/**
 * Adds the entries of the audit topic that the log does not have, which are those of its retention. They are not published
 * again.
 */
export async function restoreAudit(
  bus: Bus,
  audit: Pick<AuditLog, 'restore' | 'listUncopied' | 'markCopied'>,
  { isDryRun }: Readonly<{ isDryRun: boolean }>,
): Promise<AuditRestored> {
  const entries = new Map<string, AuditEntry>();
  let unreadable = 0;
  await readWhole(bus, topics.audit, (record) => {
    try {
      const { type: _, ...entry } = decodeAudit(record);
      entries.set(entry.id, entry);
    } catch {
      // The result counts it: an entry that this release cannot read must not keep the others away.
      unreadable += 1;
    }
  });
  // An empty log has nothing that must still be published; an entry of another one may be on no topic.
  const isLost = (await audit.listUncopied(1)).length === 0;
  let restored = 0;
  if (isDryRun) return { entries: entries.size, restored, unreadable };
  if (isLost) await audit.markCopied(null);
  for (const entry of entries.values()) if (await audit.restore(entry)) restored += 1;
  return { entries: entries.size, restored, unreadable };
}
