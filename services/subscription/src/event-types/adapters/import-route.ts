import { compileBody, errorDetailSchema, jsonBody, named, queryOf, type Route, route } from '@tidings/http';
import { errorCodes } from '@tidings/runtime';
import { actorOf, scopeOf } from '../../registry/adapters/call-scope.ts';
import type { WriteParts } from '../../registry/write-version.ts';
import type { EventType } from '../domain/event-type.ts';
import { limits } from '../domain/limits.ts';
import { bodySchemas, type ReplaceBody } from '../domain/request-body.ts';
import { type Imported, importEventTypes, importOutcomes } from '../import-event-types.ts';
import { requireCatalogue } from './event-type-calls.ts';
import { catalogueSchema } from './event-type-schemas.ts';

// A schema of 30 levels, plus the levels that a document adds around it.
const maxDepth = 64;

const countOrNull = { type: ['integer', 'null'] } as const;
const importedSchema = named('ImportedEventType', {
  type: 'object',
  properties: {
    name: { type: 'string' },
    pointer: { type: 'string', description: 'Pointer to the type in the document.' },
    outcome: {
      type: 'string',
      enum: importOutcomes,
      description: 'Result; with `dry_run`, the result that the import would have.',
    },
    version: { ...countOrNull, description: 'Version of the type after the import.' },
    active_schema: { ...countOrNull, description: 'Version of the active schema after the import.' },
    propagated: {
      type: ['boolean', 'null'],
      description: 'Whether the topic that ingress reads has acknowledged this version.',
    },
    code: {
      type: ['string', 'null'],
      enum: [...errorCodes, null],
      description:
        'Reason of the rejection. `conflict`: the schema can break readers, and `force` is not set.',
    },
    errors: {
      type: 'array',
      items: errorDetailSchema,
      description: 'Errors of a rejected type, with pointers into the document.',
    },
  },
  required: ['name', 'pointer', 'outcome', 'version', 'active_schema', 'propagated', 'code', 'errors'],
} as const);

const counts = Object.fromEntries(importOutcomes.map((outcome) => [outcome, { type: 'integer' } as const]));
const resultSchema = named(
  'EventTypeImport',
  {
    type: 'object',
    properties: {
      dry_run: { type: 'boolean' },
      counts: { type: 'object', properties: counts, required: importOutcomes },
      data: { type: 'array', items: importedSchema, description: 'The types, in the order of the document.' },
    },
    required: ['dry_run', 'counts', 'data'],
  } as const,
  {
    dry_run: false,
    counts: { created: 1, new_version: 0, unchanged: 0, refused: 0 },
    data: [
      {
        ...{ name: 'order.paid', pointer: '/channels/order.paid', outcome: 'created', version: 1 },
        ...{ active_schema: 1, propagated: true, code: null, errors: [] },
      },
    ],
  },
);

const viewOf = ({ entity, ...imported }: Imported): Readonly<Record<string, unknown>> => ({
  name: imported.name,
  pointer: imported.pointer,
  outcome: imported.outcome,
  version: entity?.version ?? null,
  active_schema: entity?.activeSchema ?? null,
  propagated: imported.propagated,
  code: imported.code,
  errors: imported.errors,
});

const flag = (description: string) => ({ type: 'boolean', default: false, description }) as const;

/** Returns the route POST …/import. */
export const importRoute = (parts: WriteParts<EventType>): Route => {
  const validate = compileBody<ReplaceBody>(bodySchemas.replace);
  return route({
    operationId: 'importEventTypes',
    method: 'POST',
    path: '/v1/webhooks/event-types/import',
    access: 'admin',
    tag: 'Event types',
    summary: 'Import event types from AsyncAPI 3.0 or from OpenAPI 3.1 webhooks',
    description:
      'Accepts exported documents and those of other tools, as JSON. Each type is created, changed, left as it is or ' +
      'rejected independently of the others: the response has a result for each, and is 200 even if some are rejected.',
    query: queryOf<{ dry_run: boolean; force: boolean }>({
      dry_run: flag('Returns the result without changing anything.'),
      force: flag('Accepts schemas that can break readers of the active ones.'),
    }),
    body: jsonBody<object>({
      schema: catalogueSchema,
      maxBytes: limits.importBytes,
      maxDepth,
    }),
    responses: { 200: { description: 'The result for each type.', schema: resultSchema } },
    handle: async (call) => {
      requireCatalogue(call.principal);
      const { dry_run, force } = call.query;
      const imported = await importEventTypes(
        { ...parts, validate },
        {
          workspaceId: scopeOf(call.principal).workspaceId,
          document: call.body,
          isDryRun: dry_run,
          isForced: force,
          by: actorOf(call),
        },
      );
      const countOf = (wanted: string): number => imported.filter(({ outcome }) => outcome === wanted).length;
      const counted = Object.fromEntries(importOutcomes.map((outcome) => [outcome, countOf(outcome)]));
      return { status: 200, body: { dry_run, counts: counted, data: imported.map(viewOf) } };
    },
  });
};
