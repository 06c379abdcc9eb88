import type { WorkspaceId } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import type { Actor } from '../registry/domain/audit-entry.ts';
import { type WriteParts, type Written, writeFirst } from '../registry/write-version.ts';
import { replaceEventType } from './change-event-type.ts';
import { checkVersion, refuseFaults, schemaFaults } from './check-event-type.ts';
import { begin, defaultSettings, type EventType } from './domain/event-type.ts';
import { limits } from './domain/limits.ts';
import { nameFault } from './domain/name-rules.ts';
import { readSettings, timeFaults } from './domain/read-settings.ts';
import type { CreateBody } from './domain/request-body.ts';

/** A new type: where, what and by whom. */
export type Creation = Readonly<{ workspaceId: WorkspaceId; body: CreateBody; by: Actor }>;

/** Registers a type, with its first schema if it has one. A type that was only seen so far is not in the way. */
export async function createEventType(
  parts: WriteParts<EventType>,
  { workspaceId, body, by }: Creation,
): Promise<Written<EventType>> {
  const name = nameFault(body.name);
  refuseFaults([
    ...(name === null ? [] : [{ pointer: '/name', detail: name }]),
    ...(body.schema == null ? [] : schemaFaults(body.schema)),
    ...timeFaults(body),
  ]);
  const schemas = body.schema == null ? [] : [{ version: 1, schemaJson: JSON.stringify(body.schema) }];
  const eventType = begin(
    {
      workspaceId,
      name: body.name,
      origin: 'registered',
      settings: readSettings(body, defaultSettings),
      state: body.state ?? 'active',
      schemas,
      activeSchema: schemas.length === 0 ? null : 1,
    },
    parts.clock.nowMs(),
  );
  checkVersion(eventType);
  await requireRoom(parts, workspaceId);
  const written = await writeFirst(parts, { entity: eventType, by });
  if (written !== null) return written;
  const current = await parts.store.find({ workspaceId, consumerId: null }, eventType.id);
  if (current?.origin === 'seen') {
    const { name: _name, ...rest } = body;
    const target = { reach: { workspaceId, consumerId: null }, id: eventType.id, ifMatch: null, by };
    return replaceEventType(parts, target, rest);
  }
  const message = `There is an event type '${body.name}' already: change it with PATCH or PUT.`;
  throw new AppError({ code: 'conflict', message, details: [{ pointer: '/name', detail: 'is taken' }] });
}

/** Throws when a workspace has all the types that it may have. */
async function requireRoom(
  { store }: Pick<WriteParts<EventType>, 'store'>,
  workspaceId: WorkspaceId,
): Promise<void> {
  const most = limits.typesPerWorkspace;
  if ((await store.count({ workspaceId, consumerId: null }, {}, most)) < most) return;
  const message = `A workspace may have at most ${most} event types, archived ones included, and has that many.`;
  throw new AppError({ code: 'unprocessable', message, details: [{ pointer: '', detail: message }] });
}
