import {
  type EventTypeAudience,
  type EventTypeRecord,
  type EventTypeState,
  eventTypeKey,
  type SchemaMode,
  type WorkspaceId,
} from '@tidings/contracts';
import { firstVersion, nextVersion, type Versioned } from '../../registry/domain/versioned.ts';

/** One schema of a type, as JSON text, because its field names may contain dots and dollar signs. */
export type SchemaText = Readonly<{ version: number; schemaJson: string }>;

/**
 * A schema version of a type. Its text never changes. `hasHeld`: it was active while the type was published, so readers
 * may use it.
 */
export type SchemaVersion = SchemaText & Readonly<{ createdAtMs: number; hasHeld: boolean }>;

/**
 * Modes of comparing the next schema of a published type, named as in Confluent's Schema Registry: `forward`, with the
 * schema before it; `forward_transitive`, with every schema that was active while published; `none`, with no schema.
 * The modes are forward because readers have the older schema.
 */
export const compatibilities = ['forward', 'forward_transitive', 'none'] as const;
/** One of {@link compatibilities}. */
export type Compatibility = (typeof compatibilities)[number];

/** Settings of a type. */
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
    /** `deleted` does not occur: an archived type keeps its name, so that the name cannot change its meaning. */
    state: EventTypeState | 'deleted';
    /** `seen`: first used on an event or in a subscription, and not registered yet. */
    origin: 'registered' | 'seen';
    settings: EventTypeSettings;
    /** Oldest first. */
    schemas: readonly SchemaVersion[];
    /** Version of the active schema; null: none. */
    activeSchema: number | null;
  }>;

/** Settings of a type that is not registered. */
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

/** States in which a type can be used. */
export const usableStates: readonly EventTypeState[] = ['draft', 'active', 'deprecated'];

/** States in which readers rely on a type. */
export const publishedStates: readonly EventTypeState[] = ['active', 'deprecated'];

/** Fields of a new type. */
export type Beginning = Pick<EventType, 'workspaceId' | 'name' | 'origin' | 'settings'> &
  Readonly<{
    state: EventTypeState;
    schemas: readonly SchemaText[];
    activeSchema: number | null;
  }>;

/** Returns version 1 of a type. */
export const begin = (given: Beginning, nowMs: number): EventType => ({
  ...firstVersion(nowMs),
  ...given,
  id: eventTypeKey(given.workspaceId, given.name),
  settings: timesFollow(given.settings, given.state, nowMs),
  // It is unknown which imported schemas were active while published, so all of them count.
  schemas: given.schemas.map((schema) => ({
    ...schema,
    createdAtMs: nowMs,
    hasHeld: given.state !== 'draft',
  })),
});

/** Returns true for a type that readers rely on. */
export const isPublished = ({ state }: Pick<EventType, 'state'>): boolean =>
  publishedStates.some((published) => published === state);

const markHeld = (schemas: readonly SchemaVersion[], active: number | null): readonly SchemaVersion[] =>
  schemas.some(({ version, hasHeld }) => version === active && !hasHeld)
    ? schemas.map((schema) => (schema.version === active ? { ...schema, hasHeld: true } : schema))
    : schemas;

/** Fields that a change replaces. */
export type Amendment = Readonly<{
  settings: EventTypeSettings;
  state: EventTypeState;
  /** A new schema as JSON text, for the next schema version of the type. */
  newSchemaJson?: string;
  activeSchema: number | null | 'new';
}>;

/** Returns the next version, or the same object if nothing changes. Any change to a `seen` type registers it. */
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

// The times belong to the state: a type that is not deprecated has none.
function timesFollow(settings: EventTypeSettings, state: EventTypeState, nowMs: number): EventTypeSettings {
  if (state === 'deprecated') return { ...settings, deprecatedAtMs: settings.deprecatedAtMs ?? nowMs };
  return state === 'archived' ? settings : { ...settings, deprecatedAtMs: null, sunsetAtMs: null };
}

/** Returns the schema of this version as JSON text, or undefined. */
export const schemaJsonOf = ({ schemas }: EventType, version: number | null): string | undefined =>
  schemas.find((schema) => schema.version === version)?.schemaJson;

/** Returns the record of a type for ingress, without older schemas. */
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

/** Returns the registry id of a type. */
export const idOf = (workspace: WorkspaceId, name: string): string => eventTypeKey(workspace, name);

/** Returns the prefixes by which `order.*` is looked up: `order` and `order.paid` for `order.paid.late`. */
export const familiesOf = (name: string): readonly string[] => {
  const parts = name.split('.');
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('.'));
};
