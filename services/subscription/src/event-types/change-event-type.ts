import { mergePatch } from '@tidings/http';
import { AppError, canonicalJson } from '@tidings/runtime';
import { refuseFaults } from '../registry/refuse-faults.ts';
import { type Target, type WriteParts, type Written, writeVersion } from '../registry/write-version.ts';
import { breakingBetween, checkVersion, refuseBreaking, schemaFaults } from './check-event-type.ts';
import {
  type Amendment,
  amended,
  defaultSettings,
  type EventType,
  type EventTypeSettings,
  schemaJsonOf,
} from './domain/event-type.ts';
import { readSettings, timeFaults } from './domain/read-settings.ts';
import type { ChangeBody, ReplaceBody, SchemaBody } from './domain/request-body.ts';

type Parts = WriteParts<EventType>;

/** A change as a function of the current version. `force` permits changes that break readers. */
type Plan = Readonly<{
  operation: string;
  force: boolean | undefined;
  amend(current: EventType): Amendment;
}>;

const stateOf = (current: EventType): Amendment['state'] =>
  current.state === 'deleted' ? 'archived' : current.state;

async function write(parts: Parts, target: Target, plan: Plan): Promise<Written<EventType>> {
  return writeVersion(parts, target, {
    operation: plan.operation,
    change: (current) => nextOf(current, plan, parts.clock.nowMs()),
  });
}

function nextOf(
  current: EventType,
  { force, amend }: Pick<Plan, 'force' | 'amend'>,
  nowMs: number,
): EventType {
  const given = amend(current);
  if (given.state === 'draft' && current.state !== 'draft') {
    const detail = `cannot become draft again: it is ${current.state}, and consumers may rely on it`;
    refuseFaults([{ pointer: '/state', detail }]);
  }
  const next = amended(current, given, nowMs);
  if (next === current) return current;
  checkVersion(next);
  refuseBreaking(breakingBetween(current, next), force);
  return next;
}

/** Returns the example after a merge patch (RFC 7396). */
const mergedExample = ({ settings }: EventType, example: unknown): unknown =>
  mergePatch(settings.exampleJson === null ? null : JSON.parse(settings.exampleJson), example);

/** Merges a patch into an event type (PATCH). */
export async function changeEventType(
  parts: Parts,
  target: Target,
  body: ChangeBody,
): Promise<Written<EventType>> {
  refuseFaults(timeFaults(body));
  return write(parts, target, {
    operation: 'changed',
    force: body.force,
    amend: (current) => {
      const active = body.active_schema === undefined ? current.activeSchema : body.active_schema;
      if (active !== null && schemaJsonOf(current, active) === undefined) {
        const known = current.schemas.map(({ version }) => version).join(', ') || 'none';
        refuseFaults([
          {
            pointer: '/active_schema',
            detail: `must be the version of a schema of the type, one of ${known}, got ${active}`,
          },
        ]);
      }
      return {
        settings: readSettings(
          body.example === undefined ? body : { ...body, example: mergedExample(current, body.example) },
          current.settings,
        ),
        state: body.state ?? stateOf(current),
        activeSchema: active,
      };
    },
  });
}

const sameSchema = (a: string, b: string): boolean =>
  a === b || canonicalJson(JSON.parse(a)) === canonicalJson(JSON.parse(b));

/** Returns the amendment that a body describes. `before`: settings for fields that the body omits. */
const replacementOf = (current: EventType, body: ReplaceBody, before: EventTypeSettings): Amendment => {
  const wanted = body.schema == null ? undefined : JSON.stringify(body.schema);
  const active = schemaJsonOf(current, current.activeSchema);
  const isNew = wanted !== undefined && (active === undefined || !sameSchema(active, wanted));
  const known = isNew
    ? current.schemas.find(({ schemaJson }) => sameSchema(schemaJson, wanted))?.version
    : undefined;
  return {
    settings: readSettings(body, before),
    state: body.state ?? (current.state === 'draft' ? 'active' : stateOf(current)),
    ...(isNew && known === undefined ? { newSchemaJson: wanted } : {}),
    activeSchema: wanted === undefined ? null : isNew ? (known ?? 'new') : current.activeSchema,
  };
};

const replacing = (body: ReplaceBody): Plan => ({
  operation: 'replaced',
  force: body.force,
  amend: (current) => replacementOf(current, body, defaultSettings),
});

const importing = (body: ReplaceBody): Plan => ({
  operation: 'imported',
  force: body.force,
  amend: (current) => replacementOf(current, body, current.settings),
});

const refuseReplacement = (body: ReplaceBody): void =>
  refuseFaults([...(body.schema == null ? [] : schemaFaults(body.schema)), ...timeFaults(body)]);

/** Replaces an event type with the body (PUT). A schema that the type does not have becomes its next schema version. */
export async function replaceEventType(
  parts: Parts,
  target: Target,
  body: ReplaceBody,
): Promise<Written<EventType>> {
  refuseReplacement(body);
  return write(parts, target, replacing(body));
}

/** Replaces as PUT does, but keeps settings that the body omits: other tools' documents cannot express all of them. */
export async function mergeEventType(
  parts: Parts,
  target: Target,
  body: ReplaceBody,
): Promise<Written<EventType>> {
  refuseReplacement(body);
  return write(parts, target, importing(body));
}

/** Returns the event type that `mergeEventType` would write, or the same object if nothing changes. */
export function mergedEventType(current: EventType, body: ReplaceBody, nowMs: number): EventType {
  refuseReplacement(body);
  return nextOf(current, importing(body), nowMs);
}

/** Adds a schema version (POST …/schemas) and activates it unless `activate` is false. */
export async function addSchema(parts: Parts, target: Target, body: SchemaBody): Promise<Written<EventType>> {
  refuseFaults(schemaFaults(body.schema));
  const schemaJson = JSON.stringify(body.schema);
  return write(parts, target, {
    operation: 'schema_added',
    force: body.force,
    amend: (current) => {
      if (schemaJsonOf(current, current.activeSchema) === schemaJson) {
        const message = `The schema is the same as version ${current.activeSchema}, which is already active.`;
        throw new AppError({
          code: 'conflict',
          message,
          details: [{ pointer: '/schema', detail: 'is not new' }],
        });
      }
      return {
        settings: readSettings(body.example === undefined ? {} : { example: body.example }, current.settings),
        state: stateOf(current),
        newSchemaJson: schemaJson,
        activeSchema: body.activate === false ? current.activeSchema : 'new',
      };
    },
  });
}

/** Archives an event type (DELETE): its events are refused from then on. Name, schemas and history stay. */
export const archiveEventType = async (parts: Parts, target: Target): Promise<Written<EventType>> =>
  write(parts, target, {
    operation: 'archived',
    force: false,
    amend: ({ settings, activeSchema }) => ({ settings, state: 'archived', activeSchema }),
  });
