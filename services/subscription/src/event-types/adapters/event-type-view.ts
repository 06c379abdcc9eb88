import { type EventType, schemaJsonOf } from '../domain/event-type.ts';

const timeOf = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/** Returns the API view of an event type. `propagated`: whether this version is known to be in effect at ingress. */
export const eventTypeView = (
  eventType: EventType,
  propagated: boolean,
): Readonly<Record<string, unknown>> => {
  const { settings, activeSchema } = eventType;
  const schemaJson = schemaJsonOf(eventType, activeSchema);
  return {
    name: eventType.name,
    workspace_id: eventType.workspaceId,
    description: settings.description,
    group: settings.group,
    state: eventType.state,
    mode: settings.mode,
    audience: settings.audience,
    compatibility: settings.compatibility,
    origin: eventType.origin,
    active_schema: activeSchema,
    schema: schemaJson === undefined ? null : (JSON.parse(schemaJson) as object),
    schema_versions: eventType.schemas.map(({ version, createdAtMs }) => ({
      version,
      created_at: new Date(createdAtMs).toISOString(),
    })),
    example: settings.exampleJson === null ? null : (JSON.parse(settings.exampleJson) as unknown),
    deprecated_at: timeOf(settings.deprecatedAtMs),
    sunset_at: timeOf(settings.sunsetAtMs),
    version: eventType.version,
    created_at: new Date(eventType.createdAtMs).toISOString(),
    updated_at: new Date(eventType.updatedAtMs).toISOString(),
    propagated,
  };
};
