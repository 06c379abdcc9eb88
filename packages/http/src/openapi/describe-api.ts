import { problemTable } from '../problems/problem-table.ts';
import {
  type Access,
  idempotencyOf,
  type JsonSchema,
  type Query,
  type ResponseDeclaration,
  type ResponseHeader,
  type Route,
} from '../routing/route.ts';
import { type ApiTag, apiTags } from './api-tags.ts';
import { type BodyComponents, describeBody } from './describe-body.ts';
import { describeWebhook, type Webhooks } from './describe-webhook.ts';
import {
  problemName,
  problemResponse,
  problemsOf,
  serverRefusal,
  serverRefusals,
  takesIdempotencyKey,
} from './problems-of.ts';
import {
  type Components,
  described,
  exampleOf,
  headerReferences,
  listParameters,
  queryParameter,
  rateHeaders,
  requestHeaders,
  responseHeaders,
} from './shared-components.ts';

const ticketScheme = {
  ticket: {
    type: 'apiKey',
    in: 'query',
    name: 'ticket',
    description: 'A ticket that replaces the key for one request, for callers that cannot send headers.',
  },
};

type Named = Readonly<Record<string, unknown>>;

/** An OpenAPI 3.1 document, typed as far as merging two of them requires. */
export type ApiDescription = Readonly<{
  openapi: string;
  info: Named;
  servers: readonly Named[];
  security: readonly Named[];
  tags: readonly Readonly<{ name: string; description: string }>[];
  paths: Readonly<Record<string, Named>>;
  webhooks?: Readonly<Record<string, Named>>;
  components: Readonly<Record<string, Named>>;
}>;

const info = {
  title: 'Tidings',
  version: '1',
  license: { name: 'MIT', identifier: 'MIT' },
  description:
    'Publishes events, subscribes endpoints to them, and shows every delivery. All times are RFC 3339 in UTC, all ' +
    'fields snake_case. Every response has an `X-Request-Id`: include it in reports to the operator. Errors are ' +
    'RFC 9457 problems, identified by their `code`.',
};

/** Describes the declared routes of one service or of several, and the requests that it sends to endpoints. */
export function describeApi(routes: readonly Route[], webhooks: Webhooks = {}): ApiDescription {
  const schemas: Components = new Map();
  const bodies: Components = new Map();
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes) {
    paths[route.path] ??= {};
    Object.assign(paths[route.path] ?? {}, {
      [route.method.toLowerCase()]: operation(route, { schemas, bodies }),
    });
  }
  const sent = Object.entries(webhooks).map(([name, webhook]) => [name, describeWebhook(webhook, schemas)]);
  const codes = new Set(routes.flatMap(problemsOf));
  const responses = Object.fromEntries(
    [...codes].map((code) => [problemName(code), problemResponse(code, (one) => described(one, schemas))]),
  );
  for (const { name, description } of serverRefusals.values()) {
    responses[name] = serverRefusal(description, (one) => described(one, schemas));
  }
  return {
    openapi: '3.1.0',
    info,
    servers: [{ url: '/', description: 'The origin that served this description.' }],
    security: [{ key: [] }],
    tags: tagsOf(routes.map(({ tag }) => tag)),
    paths: sorted(paths),
    ...(sent.length === 0 ? {} : { webhooks: Object.fromEntries(sent) as Record<string, Named> }),
    components: {
      securitySchemes: {
        key: {
          type: 'http',
          scheme: 'bearer',
          description:
            'An API key. Each route names the scope that it requires; `admin` includes all except `platform`.',
        },
        ...(routes.some(({ redeemTicket }) => redeemTicket !== undefined) ? ticketScheme : {}),
      },
      schemas: sorted(Object.fromEntries(schemas)),
      ...(bodies.size === 0 ? {} : { requestBodies: sorted(Object.fromEntries(bodies)) }),
      responses: sorted(responses),
      ...usedComponents(routes),
    },
  };
}

/** Returns the given tags, in the order of the API. */
export const tagsOf = (names: readonly string[]): ApiDescription['tags'] =>
  (Object.keys(apiTags) as ApiTag[])
    .filter((name) => names.includes(name))
    .map((name) => ({ name, description: apiTags[name] }));

const sorted = <T>(values: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : Number(a > b))));

function usedComponents(routes: readonly Route[]): Record<string, Named> {
  const headers = new Set<string>([
    'Allow',
    'Retry-After',
    ...rateHeaders,
    ...routes.flatMap((route) =>
      Object.values(route.responses).flatMap((answer) => headersOf(route, answer)),
    ),
  ]);
  const taken = new Set<string>(routes.flatMap(takenHeaders));
  const listed = new Set(routes.flatMap(({ query }) => Object.keys(query?.properties ?? {})));
  const only = (all: Readonly<Record<string, object>>, names: ReadonlySet<string>) =>
    Object.fromEntries(Object.entries(all).filter(([name]) => names.has(name)));
  return {
    headers: only(responseHeaders, headers),
    parameters: { ...only(requestHeaders, taken), ...only(listParameters, listed) },
  };
}

const takenHeaders = (route: Route): readonly string[] => [
  ...(route.takes ?? []),
  ...(takesIdempotencyKey(route) ? ['Idempotency-Key'] : []),
];

const headersOf = (route: Route, { headers = [] }: ResponseDeclaration): readonly ResponseHeader[] =>
  idempotencyOf(route) === 'stored' ? [...headers, 'Idempotency-Replayed'] : headers;

function needsOf(access: Access): string {
  if (typeof access !== 'string') return `Needs no key: ${access.public}.`;
  return access === 'any' ? 'Needs a key or a token with any scope.' : `Needs the scope \`${access}\`.`;
}

function operation(route: Route, components: BodyComponents): Named {
  const { operationId, tag, summary, description, access, body } = route;
  const isPublic = typeof access !== 'string';
  const described = [description, needsOf(access)];
  return {
    operationId,
    tags: [tag],
    summary,
    description: described.filter((text) => text !== undefined).join('\n\n'),
    security: isPublic
      ? []
      : [
          { key: access === 'any' ? [] : [access] },
          ...(route.redeemTicket === undefined ? [] : [{ ticket: [] }]),
        ],
    ...(idempotencyOf(route) === 'read-only' ? { 'x-read-only': true } : {}),
    ...(idempotencyOf(route) === 'by-content' ? { 'x-repeatable': 'by-content' } : {}),
    parameters: parametersOf(route, components.schemas),
    ...(body === undefined ? {} : { requestBody: describeBody(body, components) }),
    responses: responsesOf(route, components.schemas),
  };
}

function parametersOf(route: Route, schemas: Components): unknown[] {
  const { params = {}, query } = route;
  return [
    ...Object.entries<JsonSchema>(params).map(([name, { description, ...schema }]) => ({
      name,
      in: 'path',
      required: true,
      ...(description === undefined ? {} : { description }),
      schema: described(schema, schemas),
    })),
    ...takenHeaders(route).map((name) => ({ $ref: `#/components/parameters/${name}` })),
    ...queryParameters(query, schemas),
  ];
}

const queryParameters = (query: Query<unknown> | undefined, schemas: Components): unknown[] =>
  Object.entries(query?.properties ?? {}).map(([name, schema]) => {
    if (Object.hasOwn(listParameters, name)) return { $ref: `#/components/parameters/${name}` };
    const required = query?.required.includes(name) === true ? { required: true } : {};
    return { ...(described(queryParameter(name, schema), schemas) as object), ...required };
  });

function responsesOf(route: Route, schemas: Components): Named {
  const good = Object.entries(route.responses).map(([status, answer]) => [
    status,
    response({ ...answer, headers: headersOf(route, answer) }, schemas),
  ]);
  const bad = new Map<number, object>();
  for (const code of problemsOf(route)) {
    const { status } = problemTable[code];
    // Two codes with one status differ by their `code`.
    if (!bad.has(status)) bad.set(status, { $ref: `#/components/responses/${problemName(code)}` });
  }
  for (const [status, { name }] of serverRefusals)
    bad.set(status, { $ref: `#/components/responses/${name}` });
  return Object.fromEntries([...good, ...[...bad].sort(([a], [b]) => a - b)]) as Named;
}

function response(answer: ResponseDeclaration, schemas: Components): object {
  const { description, schema, type, headers = [], example = exampleOf(schema) } = answer;
  const media = {
    ...(schema === undefined ? {} : { schema: described(schema, schemas) }),
    ...(example === undefined ? {} : { example }),
  };
  return {
    description,
    ...(headers.length === 0 ? {} : { headers: headerReferences(headers) }),
    ...(schema === undefined && type === undefined
      ? {}
      : { content: { [type ?? 'application/json']: media } }),
  };
}
