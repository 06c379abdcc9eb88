import { systemActor } from '../registry/domain/audit-entry.ts';
import { pagesOf } from '../registry/maintenance/sweep-unpublished.ts';
import type { DocumentStore, Listed, PageRequest } from '../registry/ports.ts';
import { type WriteParts, writeVersion } from '../registry/write-version.ts';
import { unexpired } from './domain/signing-secrets.ts';
import { type Subscription, withSecrets } from './domain/subscription.ts';

/** Lists the subscriptions with an expired secret. */
export const listWithEndedSecrets = async (
  store: Pick<DocumentStore<Subscription>, 'listAll'>,
  page: PageRequest,
  nowMs: number,
): Promise<Listed<Subscription>> =>
  store.listAll({ ...page, where: { upTo: { next_secret_expiry_ms: nowMs } } });

/**
 * Writes a version without the expired secrets. They no longer sign; removing them from the registry and the topic
 * prevents a leak from there. Returns the number of subscriptions changed.
 */
export async function endSecrets(parts: WriteParts<Subscription>): Promise<number> {
  const nowMs = parts.clock.nowMs();
  let changed = 0;
  for await (const page of pagesOf(async (page) => listWithEndedSecrets(parts.store, page, nowMs))) {
    for (const { id, workspaceId } of page) {
      const scope = { workspaceId, consumerId: null };
      const target = { scope, id, ifMatch: null, by: systemActor };
      await writeVersion(parts, target, {
        operation: 'secret-ended',
        change: (current) =>
          unexpired(current.secrets, nowMs).length === current.secrets.length
            ? current
            : withSecrets(current, current.secrets, nowMs),
      });
      changed += 1;
    }
  }
  return changed;
}
