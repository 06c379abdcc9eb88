import type { EventTypeSeen, WorkspaceId } from '@tidings/contracts';
import { systemActor } from '../registry/domain/audit-entry.ts';
import { type WriteParts, writeFirst } from '../registry/write-version.ts';
import { begin, defaultSettings, type EventType, idOf } from './domain/event-type.ts';
import { limits } from './domain/limits.ts';
import { nameFault } from './domain/name-rules.ts';

/**
 * Dependencies of recording seen names. `isOpen` rejects as a document store does; `maxSeen`: maximum number of seen
 * drafts per workspace.
 */
export type SeenParts = WriteParts<EventType> &
  Readonly<{ isOpen(id: WorkspaceId): Promise<boolean>; maxSeen: number }>;

/** Outcome of recording a name. `strict` also covers a missing workspace. */
export type SeenOutcome = 'drafted' | 'known' | 'unregistrable' | 'strict' | 'full';

/**
 * Adds an unregistered name to the catalogue as a draft, unless the name exists, cannot be registered, or the workspace
 * has reached its limit of seen drafts. Idempotent.
 */
export async function recordSeenType(
  parts: SeenParts,
  { workspaceId, name, isReceived }: Omit<EventTypeSeen, 'type'>,
): Promise<SeenOutcome> {
  const { store, clock } = parts;
  if (nameFault(name) !== null) return 'unregistrable';
  const scope = { workspaceId, consumerId: null };
  if ((await store.find(scope, idOf(workspaceId, name))) !== null) return 'known';
  if (isReceived !== true && !(await parts.isOpen(workspaceId))) return 'strict';
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
  return (await writeFirst(parts, { entity, by: systemActor })) === null ? 'known' : 'drafted';
}
