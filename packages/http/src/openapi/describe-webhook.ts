import type { JsonSchema } from '../routing/route.ts';
import type { ApiTag } from './api-tags.ts';
import { type Components, described, exampleOf } from './shared-components.ts';

/**
 * A request to partners' endpoints: a webhook of OpenAPI 3.1. `headers` and `bodies` by name and content-type;
 * `answers` by status in OpenAPI's form (`2XX`).
 */
export type Webhook = Readonly<{
  operationId: string;
  tag: ApiTag;
  summary: string;
  description: string;
  headers: Readonly<Record<string, JsonSchema>>;
  /** The names of the headers that every request has. */
  required: readonly string[];
  bodies: Readonly<Record<string, JsonSchema>>;
  responses: Readonly<Record<string, string>>;
}>;

/** Webhooks by name. */
export type Webhooks = Readonly<Record<string, Webhook>>;

/** Describes one webhook as a path item. */
export function describeWebhook(webhook: Webhook, schemas: Components): Readonly<Record<string, unknown>> {
  const { operationId, tag, summary, description, headers, required, bodies, responses } = webhook;
  const content = Object.entries(bodies).map(([type, schema]) => {
    const example = exampleOf(schema);
    return [type, { schema: described(schema, schemas), ...(example === undefined ? {} : { example }) }];
  });
  return {
    post: {
      operationId,
      tags: [tag],
      summary,
      description,
      // Receivers verify the signature in its headers.
      security: [],
      parameters: Object.entries(headers).map(([name, { description: text, ...schema }]) => ({
        name,
        in: 'header',
        required: required.includes(name),
        description: text,
        schema: described(schema, schemas),
      })),
      requestBody: { required: true, content: Object.fromEntries(content) as object },
      responses: Object.fromEntries(
        Object.entries(responses).map(([status, text]) => [status, { description: text }]),
      ),
    },
  };
}
