import type { EventTypePolicy, EventTypeSeen, WorkspaceId } from '@tidings/contracts';
import { ourselves } from '../registry/domain/audit-entry.ts';
import { type WriteParts, writeFirst } from '../registry/write-version.ts';
import { begin, defaultSettings, type EventType, idOf } from './domain/event-type.ts';
import { limits } from './domain/limits.ts';
import { nameFault } from './domain/name-rules.ts';

/** What noting works with. `policyOf` rejects as a document store does; `maxSeen`: drafts of this kind in one workspace. */
export type SeenParts = WriteParts<EventType> &
  Readonly<{ policyOf(id: WorkspaceId): Promise<EventTypePolicy>; maxSeen: number }>;

/**
 * Puts a name that came up by itself into the catalogue as a draft, unless it is there, could not be registered, or the
 * workspace has all the drafts of this kind that it may have. Saying it twice changes nothing.
 */
export async function noteSeenType(
  parts: SeenParts,
  { workspaceId, name }: Pick<EventTypeSeen, 'workspaceId' | 'name'>,
): Promise<void> {
  const { store, clock } = parts;
  if (nameFault(name) !== null) return;
  const reach = { workspaceId, consumerId: null };
  if ((await store.find(reach, idOf(workspaceId, name))) !== null) return;
  if ((await parts.policyOf(workspaceId)) === 'strict') return;
  const { maxSeen: most } = parts;
  const { typesPerWorkspace } = limits;
  if ((await store.count(reach, { in: { origin: ['seen'] } }, most)) >= most) return;
  if ((await store.count(reach, {}, typesPerWorkspace)) >= typesPerWorkspace) return;
  const entity = begin(
    {
      workspaceId,
      name,
      origin: 'seen',
      settings: defaultSettings,
      state: 'draft',
      schemas: [],
      activeSchema: null,
    },
    clock.nowMs(),
  );
  await writeFirst(parts, { entity, by: ourselves });
}
