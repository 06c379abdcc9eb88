import type { FailedCondition } from '@tidings/filters';
import { jsonBody, named, type Route, route } from '@tidings/http';
import { scopeOf } from '../../registry/adapters/call-scope.ts';
import { type FilterTestBody, filterTestSchema } from '../domain/filter-test-body.ts';
import { type TryFilterParts, tryFilter } from '../try-filter.ts';
import { warningsSchema } from './subscription-schemas.ts';

// The largest event that ingress can be configured to accept, plus its envelope. The maximum depth of data is the same.
const maxBytes = 1_048_576 + 65_536;
const maxDepth = 132;
const shownCharacters = 1_000;

const resultSchema = named(
  'FilterTest',
  {
    type: 'object',
    properties: {
      matches: { type: 'boolean' },
      failed: {
        type: 'array',
        description: 'Conditions that prevent a match, at most 20; empty if the filter matches.',
        items: {
          type: 'object',
          properties: {
            pointer: { type: 'string', description: 'Pointer to the condition in the request.' },
            detail: { type: 'string' },
            path: {
              type: ['string', 'null'],
              description: 'Path of the condition; null for a combination of conditions.',
            },
            found: {
              type: 'array',
              items: { type: ['object', 'array', 'string', 'number', 'boolean', 'null'] },
              description: `Values at the path, at most 10. A value of more than ${shownCharacters} characters as JSON is truncated and shown as text.`,
            },
          },
          required: ['pointer', 'detail', 'path', 'found'],
        },
      },
      warnings: warningsSchema,
    },
    required: ['matches', 'failed', 'warnings'],
  },
  {
    matches: false,
    failed: [
      {
        pointer: '/filter/total/$gte',
        detail: 'must be at least 1000, got 700',
        path: 'total',
        found: [700],
      },
    ],
    warnings: [],
  },
);

/** POST /v1/webhooks/filters/test. */
export const filterRoutes = (parts: TryFilterParts): Route[] => [
  route({
    operationId: 'testFilter',
    method: 'POST',
    path: '/v1/webhooks/filters/test',
    idempotency: 'read-only',
    access: 'subscriptions:read',
    tag: 'Subscriptions',
    summary: 'Test a filter',
    description:
      'Matches `filter` against the data of `event`, or against the example of `event_type`, with the code that matches ' +
      'published events, and returns the conditions that fail. Nothing is stored or sent.',
    body: jsonBody<FilterTestBody>({
      schema: named('FilterTestRequest', filterTestSchema),
      maxBytes,
      maxDepth,
      example: {
        filter: { total: { $gte: 1000 } },
        event: { type: 'order.paid', data: { total: 700 } },
      },
    }),
    responses: { 200: { description: 'Whether the filter matches.', schema: resultSchema } },
    handle: async (call) => {
      const { failed, ...rest } = await tryFilter(parts, scopeOf(call.principal), call.body);
      return { status: 200, body: { ...rest, failed: failed.map(failedView) } };
    },
  }),
];

const failedView = ({ found, ...condition }: FailedCondition): object => ({
  ...condition,
  found: found.map(shown),
});

function shown(value: unknown): unknown {
  const text = JSON.stringify(value);
  return text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : value;
}
