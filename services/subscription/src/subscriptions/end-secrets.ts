import { pagesOf } from '../registry/sweep-unpublished.ts';
import { type WriteParts, writeVersion } from '../registry/write-version.ts';
import { unexpired } from './domain/signing-secrets.ts';
import { withSecrets } from './domain/subscription.ts';

/**
 * Writes a version without the secrets that have ended. Nothing signs with them any more; this takes them out of the
 * registry and the topic, so that they cannot leak from there. Says how many subscriptions it changed.
 */
export async function endSecrets(parts: WriteParts): Promise<number> {
  const nowMs = parts.clock.nowMs();
  let changed = 0;
  for await (const page of pagesOf(async (stretch) =>
    parts.store.listWithEndedSecrets({ ...stretch, nowMs }),
  )) {
    for (const { id, workspaceId } of page) {
      const reach = { workspaceId, consumerId: null };
      await writeVersion(
        parts,
        { reach, id, ifMatch: null },
        {
          operation: 'secret-ended',
          change: (current) =>
            unexpired(current.secrets, nowMs).length === current.secrets.length
              ? current
              : withSecrets(current, current.secrets, nowMs),
        },
      );
      changed += 1;
    }
  }
  return changed;
}
