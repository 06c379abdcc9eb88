import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { errorCodes } from '../../packages/runtime/src/index.ts';
import { wholeDescription as api } from './whole-description.ts';

type Node = Readonly<Record<string, unknown>>;
type Media = Readonly<{ schema?: Node; example?: unknown }>;
type Content = Readonly<Record<string, Media>>;
type Operation = Readonly<{
  operationId: string;
  parameters: readonly Readonly<{ $ref?: string; name?: string; description?: string }>[];
  requestBody?: Readonly<{ content: Content; $ref?: string }> | undefined;
  /** The component's name, if the body is a component. */
  bodyName?: string | undefined;
  responses: Readonly<Record<string, Readonly<{ content?: Content; $ref?: string }>>>;
  'x-read-only'?: true;
  'x-repeatable'?: 'by-content';
}>;

const methods = ['get', 'post', 'put', 'patch', 'delete'];
const resolve = (node: Node): Node => {
  const name = String(node['$ref'] ?? '').match(/^#\/components\/schemas\/(.+)$/)?.[1];
  return name === undefined ? node : (api.components['schemas']?.[name] as Node);
};

const bodyOf = (body: Node): Operation['requestBody'] => {
  const name = String(body['$ref'] ?? '').match(/^#\/components\/requestBodies\/(.+)$/)?.[1];
  return (name === undefined ? body : api.components['requestBodies']?.[name]) as Operation['requestBody'];
};

/** Returns every schema of the description with its path. */
function schemasIn(node: unknown, place = ''): readonly (readonly [string, Node])[] {
  if (typeof node !== 'object' || node === null) return [];
  if (Array.isArray(node)) return node.flatMap((part, at) => schemasIn(part, `${place}/${at}`));
  const parts = Object.entries(node)
    .filter(([name]) => !['example', 'examples', 'default', 'enum', 'const'].includes(name))
    .flatMap(([name, part]) => schemasIn(part, `${place}/${name}`));
  return [[place, node as Node], ...parts];
}

const typesOf = (schema: Node): readonly unknown[] => [schema['type']].flat();

const operations = Object.entries(api.paths).flatMap(([path, item]) =>
  Object.entries(item as Record<string, Operation>)
    .filter(([method]) => methods.includes(method))
    .map(([method, operation]): readonly [string, Operation] => {
      const requestBody = operation.requestBody && bodyOf(operation.requestBody);
      const bodyName = operation.requestBody?.$ref;
      return [`${method.toUpperCase()} ${path}`, { ...operation, requestBody, bodyName }];
    }),
);

describe('the OpenAPI description of the whole API', () => {
  it('declares the fields of every object and the type of every enum', () => {
    const all = schemasIn(api.components).concat(schemasIn(api.paths), schemasIn(api.webhooks));
    const shaping = ['properties', 'patternProperties', 'additionalProperties'];
    const free = all.filter(
      ([, schema]) => typesOf(schema).includes('object') && !shaping.some((keyword) => keyword in schema),
    );
    expect(free.map(([place]) => place)).toEqual([]);
    const untyped = all.filter(([, schema]) => Array.isArray(schema['enum']) && schema['type'] === undefined);
    expect(untyped.map(([place]) => place)).toEqual([]);
  });

  it('has a named component for every request and response body', () => {
    const unnamed = operations.flatMap(([line, { requestBody, bodyName, responses }]) => [
      ...Object.values(requestBody?.content ?? {})
        .filter(({ schema }) => bodyName === undefined && schema?.['$ref'] === undefined)
        .map(() => `${line}: body`),
      ...Object.entries(responses)
        .filter(([status]) => status.startsWith('2'))
        .flatMap(([status, { content = {} }]) =>
          Object.values(content)
            .filter(({ schema }) => schema?.['$ref'] === undefined)
            .map(() => `${line}: ${status}`),
        ),
    ]);
    expect(unnamed).toEqual([]);
    const names = Object.keys(api.components['schemas'] ?? {});
    for (const name of [
      'EventType',
      'ApiKey',
      'ConsumerToken',
      'DeadLetter',
      'Job',
      'Subscription',
      'Delivery',
    ])
      expect(names).toContain(name);
  });

  it('describes every request field', () => {
    const missing: string[] = [];
    const visit = (schema: Node, place: string): void => {
      for (const [name, field] of Object.entries(
        (resolve(schema)['properties'] ?? {}) as Record<string, Node>,
      )) {
        const text = field['description'] ?? resolve(field)['description'];
        if (typeof text !== 'string') missing.push(`${place}/${name}`);
        visit(field, `${place}/${name}`);
      }
      const { items } = resolve(schema);
      if (typeof items === 'object' && items !== null) visit(items as Node, `${place}/*`);
    };
    for (const [line, { requestBody }] of operations)
      for (const { schema } of Object.values(requestBody?.content ?? {}))
        if (schema !== undefined) visit(schema, line);
    expect(missing).toEqual([]);
  });

  it('has an example of every request and response body that its schema accepts', () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
    ajv.addSchema({ $id: 'api', components: api.components });
    const check = (place: string, [type, { schema, example }]: [string, Media]): readonly string[] => {
      // Lines have none: programs that try examples know no way to write them.
      if (example === undefined) return /ndjson|jsonl/.test(type) ? [] : [`${place}: no example`];
      if (schema === undefined || !type.includes('json')) return [];
      const text = JSON.stringify(schema).replaceAll('"#/components', '"api#/components');
      const isValid = ajv.compile(JSON.parse(text) as Node);
      return isValid(example) ? [] : [`${place}: ${ajv.errorsText(isValid.errors)}`];
    };
    const found = operations.flatMap(([line, { requestBody, responses }]) => [
      ...Object.entries(requestBody?.content ?? {})
        .filter(
          ([, { schema }]) =>
            Object.keys((resolve(schema ?? {})['properties'] as object) ?? { x: 1 }).length > 0,
        )
        .flatMap((media) => check(`${line}: body`, media)),
      ...Object.entries(responses)
        .filter(([status]) => status.startsWith('2'))
        .flatMap(([status, { content = {} }]) =>
          Object.entries(content).flatMap((media) => check(`${line}: ${status}`, media)),
        ),
    ]);
    const sent = Object.entries(api.webhooks ?? {}).flatMap(([name, { post }]) =>
      Object.entries((post as Operation).requestBody?.content ?? {}).flatMap((media) =>
        check(`webhook ${name}`, media),
      ),
    );
    expect([...found, ...sent]).toEqual([]);
    expect(sent).not.toBeNull();
  });

  it('declares the 405 of every path and every problem code', () => {
    const without = operations.filter(([, { responses }]) => responses['405'] === undefined);
    expect(without.map(([line]) => line)).toEqual([]);
    const { properties } = resolve({ $ref: '#/components/schemas/Problem' }) as {
      properties: { code: { enum: unknown } };
    };
    expect(properties.code.enum).toEqual(errorCodes);
  });

  it('declares the webhook that endpoints receive', () => {
    const { webhooks = {} } = api;
    expect(Object.keys(webhooks)).toEqual(['event']);
    const { post } = webhooks['event'] as { post: Operation };
    const names = post.parameters.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['webhook-id', 'webhook-timestamp', 'webhook-signature']));
    expect(Object.keys(post.requestBody?.content ?? {})).toEqual([
      'application/json',
      'application/cloudevents+json',
    ]);
  });

  it('declares Idempotency-Key at every POST, or states that the request changes nothing', () => {
    const posts = operations.filter(([line]) => line.startsWith('POST '));
    const takesKey = ({ parameters }: Operation): boolean =>
      parameters.some(({ $ref }) => $ref?.endsWith('/Idempotency-Key') === true);
    const needsNone = (post: Operation): boolean =>
      post['x-read-only'] === true || post['x-repeatable'] !== undefined;
    const missing = posts.filter(([, post]) => takesKey(post) === needsNone(post));
    expect(missing.map(([line]) => line)).toEqual([]);
    const byContent = posts.filter(([, post]) => post['x-repeatable'] === 'by-content');
    expect(byContent.map(([line]) => line)).toEqual(['POST /v1/sources/{id}']);
    expect(posts.filter(([, post]) => post['x-read-only'] === true).map(([line]) => line)).toEqual([
      'POST /v1/webhooks/filters/test',
      'POST /v1/webhooks/stream-tickets',
    ]);
  });
});
