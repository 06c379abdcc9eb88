import type { EventTypeSeen, WorkspaceId } from '@tidings/contracts';
import { ourselves } from '../registry/domain/audit-entry.ts';
import { type WriteParts, writeFirst } from '../registry/write-version.ts';
import { begin, defaultSettings, type EventType, idOf } from './domain/event-type.ts';
import { limits } from './domain/limits.ts';
import { nameFault } from './domain/name-rules.ts';

/** What noting works with. `isOpen` rejects as a document store does; `maxSeen`: drafts of this kind in one workspace. */
export type SeenParts = WriteParts<EventType> &
  Readonly<{ isOpen(id: WorkspaceId): Promise<boolean>; maxSeen: number }>;

/** What became of a name. `strict`: also of a workspace that is not there. */
export type SeenOutcome = 'drafted' | 'known' | 'unregistrable' | 'strict' | 'full';

/**
 * Puts a name that came up by itself into the catalogue as a draft, unless it is there, could not be registered, or the
 * workspace has all the drafts of this kind that it may have. Saying it twice changes nothing.
 */
export async function recordSeenType(
  parts: SeenParts,
  { workspaceId, name }: Pick<EventTypeSeen, 'workspaceId' | 'name'>,
): Promise<SeenOutcome> {
  const { store, clock } = parts;
  if (nameFault(name) !== null) return 'unregistrable';
  const scope = { workspaceId, consumerId: null };
  if ((await store.find(scope, idOf(workspaceId, name))) !== null) return 'known';
  if (!(await parts.isOpen(workspaceId))) return 'strict';
  const { maxSeen: most } = parts;
  const { typesPerWorkspace } = limits;
  if ((await store.count(scope, { in: { origin: ['seen'] } }, most)) >= most) return 'full';
  if ((await store.count(scope, {}, typesPerWorkspace)) >= typesPerWorkspace) return 'full';
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
  return (await writeFirst(parts, { entity, by: ourselves })) === null ? 'known' : 'drafted';
}
