import {
  type EventTypeAudience,
  type EventTypeRecord,
  type EventTypeState,
  eventTypeKey,
  type SchemaMode,
  type WorkspaceId,
} from '@tidings/contracts';
import { firstVersion, nextVersion, type Versioned } from '../../registry/domain/versioned.ts';

/** One schema of a type, as JSON text: its own names hold dots and dollars. */
export type SchemaText = Readonly<{ version: number; schemaJson: string }>;

/**
 * A schema that a type has. Its text is never altered once it is there. `hasHeld`: it was the active one while the type was
 * published, so there may be readers that know it.
 */
export type SchemaVersion = SchemaText & Readonly<{ createdAtMs: number; hasHeld: boolean }>;

/**
 * What the next schema of a published type is compared with, by the names of Confluent's Schema Registry: `forward`, the
 * one before; `forward_transitive`, every one that has held; `none`, nothing. Forward, since readers have the older schema.
 */
export const compatibilities = ['forward', 'forward_transitive', 'none'] as const;
/** See {@link compatibilities}. */
export type Compatibility = (typeof compatibilities)[number];

/** What people say about a type. */
export type EventTypeSettings = Readonly<{
  description: string | null;
  group: string | null;
  mode: SchemaMode;
  audience: EventTypeAudience;
  compatibility: Compatibility;
  /** JSON text of data that satisfy the active schema. */
  exampleJson: string | null;
  deprecatedAtMs: number | null;
  sunsetAtMs: number | null;
}>;

/** An event type of a workspace. Its id is `<workspace>/<name>`, so one name is one document. */
export type EventType = Versioned &
  Readonly<{
    name: string;
    /** `deleted` does not happen: an archived type keeps its name, so that it cannot come back as something else. */
    state: EventTypeState | 'deleted';
    /** `seen`: it came up on an event or in a subscription, and nobody has said anything about it yet. */
    origin: 'registered' | 'seen';
    settings: EventTypeSettings;
    /** Oldest first. */
    schemas: readonly SchemaVersion[];
    /** Which of them holds; null: none. */
    activeSchema: number | null;
  }>;

/** What a type has that nobody has said anything about. */
export const defaultSettings: EventTypeSettings = {
  description: null,
  group: null,
  mode: 'enforce',
  audience: 'broadcast',
  compatibility: 'forward',
  exampleJson: null,
  deprecatedAtMs: null,
  sunsetAtMs: null,
};

/** The states in which a type can be used. */
export const usableStates: readonly EventTypeState[] = ['draft', 'active', 'deprecated'];

/** The states in which readers rely on a type. */
export const publishedStates: readonly EventTypeState[] = ['active', 'deprecated'];

/** What a new type is made of. */
export type Beginning = Pick<EventType, 'workspaceId' | 'name' | 'origin' | 'settings'> &
  Readonly<{
    state: EventTypeState;
    schemas: readonly SchemaText[];
    activeSchema: number | null;
  }>;

/** Version 1 of a type. */
export const begin = (given: Beginning, nowMs: number): EventType => ({
  ...firstVersion(nowMs),
  ...given,
  id: eventTypeKey(given.workspaceId, given.name),
  settings: timesFollow(given.settings, given.state, nowMs),
  // Of those from elsewhere it is not known which have held: they count.
  schemas: given.schemas.map((schema) => ({
    ...schema,
    createdAtMs: nowMs,
    hasHeld: given.state !== 'draft',
  })),
});

/** True for a type that readers rely on. */
export const isPublished = ({ state }: Pick<EventType, 'state'>): boolean =>
  publishedStates.some((published) => published === state);

const markHeld = (schemas: readonly SchemaVersion[], active: number | null): readonly SchemaVersion[] =>
  schemas.some(({ version, hasHeld }) => version === active && !hasHeld)
    ? schemas.map((schema) => (schema.version === active ? { ...schema, hasHeld: true } : schema))
    : schemas;

/** What a change puts in the place of what was. */
export type Amendment = Readonly<{
  settings: EventTypeSettings;
  state: EventTypeState;
  /** A new schema as JSON text, for the next version of the type's schemas. */
  newSchemaJson?: string;
  activeSchema: number | null | 'new';
}>;

/** The next version of a type; the same object when nothing changes. Whatever is said about a seen type registers it. */
export function amended(current: EventType, given: Amendment, nowMs: number): EventType {
  const settings = timesFollow(given.settings, given.state, nowMs);
  const version = (current.schemas.at(-1)?.version ?? 0) + 1;
  const withNew =
    given.newSchemaJson === undefined
      ? current.schemas
      : [
          ...current.schemas,
          { version, schemaJson: given.newSchemaJson, createdAtMs: nowMs, hasHeld: false },
        ];
  const activeSchema = given.activeSchema === 'new' ? version : given.activeSchema;
  const schemas = isPublished(given) ? markHeld(withNew, activeSchema) : withNew;
  const change: Partial<EventType> = {
    settings,
    state: given.state,
    schemas,
    activeSchema,
    origin: 'registered',
  };
  const isSame =
    schemas === current.schemas &&
    current.origin === 'registered' &&
    given.state === current.state &&
    activeSchema === current.activeSchema &&
    JSON.stringify(settings) === JSON.stringify(current.settings);
  return isSame ? current : nextVersion(current, change, nowMs);
}

// The times belong to the state: a type that is not deprecated has none to tell.
function timesFollow(settings: EventTypeSettings, state: EventTypeState, nowMs: number): EventTypeSettings {
  if (state === 'deprecated') return { ...settings, deprecatedAtMs: settings.deprecatedAtMs ?? nowMs };
  return state === 'archived' ? settings : { ...settings, deprecatedAtMs: null, sunsetAtMs: null };
}

/** The schema of this version as JSON text, or undefined. */
export const schemaJsonOf = ({ schemas }: EventType, version: number | null): string | undefined =>
  schemas.find((schema) => schema.version === version)?.schemaJson;

/** The record of a type: what ingress needs, and nothing of the older schemas. */
export const recordOf = (eventType: EventType): EventTypeRecord => {
  const { workspaceId, name, version, state, settings, activeSchema } = eventType;
  const schemaJson = schemaJsonOf(eventType, activeSchema);
  return {
    type: 'EventTypeChanged.v1',
    workspaceId,
    name,
    version,
    state: state === 'deleted' ? 'archived' : state,
    mode: settings.mode,
    audience: settings.audience,
    schema:
      schemaJson === undefined || activeSchema === null
        ? null
        : { version: activeSchema, schema: JSON.parse(schemaJson) as Record<string, unknown> },
    deprecatedAtMs: settings.deprecatedAtMs,
    sunsetAtMs: settings.sunsetAtMs,
  };
};

/** A type by its name, as the registry names it. */
export const idOf = (workspace: WorkspaceId, name: string): string => eventTypeKey(workspace, name);

/** `order`, `order.paid` for `order.paid.late`: what `order.*` and `order.paid.*` are looked up by. */
export const familiesOf = (name: string): readonly string[] => {
  const parts = name.split('.');
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('.'));
};
