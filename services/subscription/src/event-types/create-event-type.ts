import type { WorkspaceId } from '@tidings/contracts';
import { AppError, canonicalJson } from '@tidings/runtime';
import type { Actor } from '../registry/domain/audit-entry.ts';

import { refuseFaults } from '../registry/refuse-faults.ts';
import { type WriteParts, type Written, writeFirst, writtenBefore } from '../registry/write-version.ts';
import { replaceEventType } from './change-event-type.ts';
import { checkVersion, schemaFaults } from './check-event-type.ts';
import { begin, defaultSettings, type EventType, type SchemaText } from './domain/event-type.ts';
import { limits } from './domain/limits.ts';
import { nameFault } from './domain/name-rules.ts';
import { readSettings, timeFaults } from './domain/read-settings.ts';
import type { CreateBody } from './domain/request-body.ts';

/** Content of a new event type. `history`: its schemas from another catalogue, oldest first. */
export type Beginnings = Readonly<{
  workspaceId: WorkspaceId;
  body: CreateBody;
  history?: readonly SchemaText[];
}>;

/** A new event type and its creator. */
export type Creation = Beginnings & Readonly<{ by: Actor }>;

/** Returns version 1 of the event type that a body describes. Throws AppError `unprocessable`. */
export function newEventType({ workspaceId, body, history = [] }: Beginnings, nowMs: number): EventType {
  const name = nameFault(body.name);
  refuseFaults([
    ...(name === null ? [] : [{ pointer: '/name', detail: name }]),
    ...(body.schema == null ? [] : schemaFaults(body.schema)),
    ...timeFaults(body),
  ]);
  const eventType = begin(
    {
      workspaceId,
      name: body.name,
      origin: 'registered',
      settings: readSettings(body, defaultSettings),
      state: body.state ?? 'active',
      ...schemasOf(body.schema ?? null, history),
    },
    nowMs,
  );
  checkVersion(eventType);
  return eventType;
}

// Activates the last equal schema of the history, or appends the schema as the next version.
function schemasOf(schema: object | null, history: readonly SchemaText[]) {
  if (schema === null) return { schemas: history, activeSchema: null };
  const wanted = canonicalJson(schema);
  const known = history.findLast(({ schemaJson }) => canonicalJson(JSON.parse(schemaJson)) === wanted);
  if (known !== undefined) return { schemas: history, activeSchema: known.version };
  const version = (history.at(-1)?.version ?? 0) + 1;
  return {
    schemas: [...history, { version, schemaJson: JSON.stringify(schema) }],
    activeSchema: version,
  };
}

/** Registers an event type, with its first schema if it has one. A type of origin `seen` is registered in place. */
export async function createEventType(
  parts: WriteParts<EventType>,
  { by, ...beginnings }: Creation,
): Promise<Written<EventType>> {
  const { workspaceId, body } = beginnings;
  const eventType = newEventType(beginnings, parts.clock.nowMs());
  const scope = { workspaceId, consumerId: null };
  const before = await writtenBefore(parts, { scope, id: eventType.id, by });
  if (before !== null) return before;
  await requireCapacity(parts, workspaceId);
  const written = await writeFirst(parts, { entity: eventType, by });
  if (written !== null) return written;
  const current = await parts.store.find(scope, eventType.id);
  if (current?.origin === 'seen') {
    const { name: _name, ...rest } = body;
    const target = { scope, id: eventType.id, ifMatch: null, by };
    return replaceEventType(parts, target, rest);
  }
  const message = `There is an event type '${body.name}' already: change it with PATCH or PUT.`;
  throw new AppError({ code: 'conflict', message, details: [{ pointer: '/name', detail: 'is taken' }] });
}

/** Throws if a workspace has reached its limit of event types. */
export async function requireCapacity(
  { store }: Pick<WriteParts<EventType>, 'store'>,
  workspaceId: WorkspaceId,
): Promise<void> {
  const most = limits.typesPerWorkspace;
  if ((await store.count({ workspaceId, consumerId: null }, {}, most)) < most) return;
  const message = `A workspace may have at most ${most} event types, archived ones included, and has that many.`;
  throw new AppError({ code: 'unprocessable', message, details: [{ pointer: '', detail: message }] });
}
