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

/** What a new type is to be. `history`: its schemas where it had a life elsewhere, oldest first. */
export type Beginnings = Readonly<{
  workspaceId: WorkspaceId;
  body: CreateBody;
  history?: readonly SchemaText[];
}>;

/** A new type: where, what and by whom. */
export type Creation = Beginnings & Readonly<{ by: Actor }>;

/** Version 1 of a type as a body says it. Throws AppError `unprocessable`. */
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

// The last of its kind in the history, else the next after it.
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

/** Registers a type, with its first schema if it has one. A type that was only seen so far is not in the way. */
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

/** Throws when a workspace has all the types that it may have. */
export async function requireCapacity(
  { store }: Pick<WriteParts<EventType>, 'store'>,
  workspaceId: WorkspaceId,
): Promise<void> {
  const most = limits.typesPerWorkspace;
  if ((await store.count({ workspaceId, consumerId: null }, {}, most)) < most) return;
  const message = `A workspace may have at most ${most} event types, archived ones included, and has that many.`;
  throw new AppError({ code: 'unprocessable', message, details: [{ pointer: '', detail: message }] });
}
