import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { aFolder, anAnsweringApi, anApi } from '../cli-under-test.ts';

describe('event-types add-schema', () => {
  it.each([
    ['JSON text', '{"type":"object"}'],
    ['a file', 'order-paid.schema.json'],
  ])('takes the schema as %s', async (_form, schema) => {
    const { requests, runWith } = await anApi(201, { name: 'order.paid' });
    const folder = aFolder({ 'order-paid.schema.json': '{"type":"object"}' });
    expect((await runWith({ folder }, 'event-types', 'add-schema', 'order.paid', schema)).code).toBe(0);
    expect(requests).toMatchObject([{ body: { schema: { type: 'object' } } }]);
  });

  it('says of JSON text with a fault that it must be JSON', async () => {
    const { run: tidings } = await anApi();
    const { code, err } = await tidings('event-types', 'add-schema', 'order.paid', '{"type":');
    expect([code, err]).toEqual([2, expect.stringContaining('The schema must be JSON')]);
  });
});

describe('event-types push', () => {
  const aFile = (content: unknown) => join(aFolder({ 'types.json': JSON.stringify(content) }), 'types.json');

  it('replaces the types in the order of the file', async () => {
    const { requests, run: tidings } = await anApi(200, { name: 'a', state: 'active' });
    const file = aFile([{ name: 'a.b', description: 'x' }, { name: 'c' }]);
    expect((await tidings('event-types', 'push', file, '--force')).code).toBe(0);
    expect(requests).toMatchObject([
      { line: 'GET /v1/webhooks/event-types/a.b' },
      { line: 'PUT /v1/webhooks/event-types/a.b', body: { description: 'x', force: true } },
      { line: 'GET /v1/webhooks/event-types/c' },
      { line: 'PUT /v1/webhooks/event-types/c', body: { force: true } },
    ]);
  });

  it('registers a type that does not exist, and stops at the first refusal', async () => {
    const { requests, run: tidings } = await anApi(404, { title: 'Not found', detail: 'No.' });
    const { code, err } = await tidings('event-types', 'push', aFile([{ name: 'a' }, { name: 'b' }]));
    expect([code, err]).toEqual([1, '404 Not found: No.']);
    expect(requests).toMatchObject([
      { line: 'GET /v1/webhooks/event-types/a' },
      { line: 'POST /v1/webhooks/event-types', body: { name: 'a' } },
    ]);
  });

  it('shows the outcome of each type', async () => {
    const { run: tidings } = await anAnsweringApi(({ line, body }) => {
      const [method, path = ''] = line.split(' ');
      const name = path.split('/').at(-1) ?? '';
      if (method === 'POST') return { status: 201, body: { ...(body as object), version: 1 } };
      if (name === 'new') return { status: 404, body: { title: 'Not found', detail: 'No.' } };
      return { body: { name, state: 'active', version: method === 'PUT' && name === 'changed' ? 8 : 7 } };
    });
    const file = aFile(['new', 'changed', 'same'].map((name) => ({ name })));
    const { code, out } = await tidings('event-types', 'push', file);
    expect([code, ...out.split('\n')]).toEqual([
      0,
      'NAME     OUTCOME      STATE   SCHEMA  VERSION',
      'new      created      -       -       1',
      'changed  new_version  active  -       8',
      'same     unchanged    active  -       7',
    ]);
  });

  it.each([{ asyncapi: '3.0.0' }, { openapi: '3.1.0', webhooks: {} }])(
    'imports %j unchanged',
    async (document) => {
      const row = { name: 'a', outcome: 'created', version: 1, active_schema: 1, errors: [] };
      const { requests, run: tidings } = await anApi(200, { data: [row] });
      const { code, out } = await tidings('event-types', 'push', aFile(document), '--force', '--dry-run');
      expect(code).toBe(0);
      expect(requests).toMatchObject([
        { line: 'POST /v1/webhooks/event-types/import?force=true&dry_run=true', body: document },
      ]);
      expect(out.split('\n')).toEqual([
        'NAME  OUTCOME  STATE  SCHEMA  VERSION',
        'a     created  -      1       1',
      ]);
      await tidings('event-types', 'push', aFile(document));
      expect(requests[1]?.line).toBe('POST /v1/webhooks/event-types/import');
    },
  );

  it('reports what an import refused with its pointer in the file: exit code 1', async () => {
    const refused = { outcome: 'refused', version: null, active_schema: null };
    const data = [
      { name: 'a', outcome: 'unchanged', version: 1, active_schema: null, code: null, errors: [] },
      { name: 'B', ...refused, code: 'unprocessable', errors: [{ pointer: '/x/B', detail: 'is no name' }] },
      { name: 'c', ...refused, code: 'conflict', errors: [{ pointer: '/x/c', detail: 'is gone' }] },
    ];
    const { run: tidings } = await anApi(200, { data });
    const { code, out, err } = await tidings('event-types', 'push', aFile({ asyncapi: '3.0.0' }));
    expect(code).toBe(1);
    expect(out).toContain('B     refused');
    expect(err.split('\n')).toEqual([
      '2 of 3 were refused:',
      '  /x/B: is no name',
      '  /x/c: is gone (--force accepts it)',
    ]);
  });

  it('refuses --dry-run for its own format', async () => {
    const { requests, run: tidings } = await anApi();
    expect((await tidings('event-types', 'push', aFile([{ name: 'a' }]), '--dry-run')).code).toBe(2);
    expect(requests).toEqual([]);
  });

  it('refuses a file of another format', async () => {
    const { requests, run: tidings } = await anApi();
    expect((await tidings('event-types', 'push', aFile([{ nome: 'a' }]))).code).toBe(2);
    expect(requests).toEqual([]);
  });
});

describe('event-types types', () => {
  const messageOf = (schema: object, more: object = {}) => ({
    payload: { schema: { $id: 'urn:x', ...schema } },
    ...more,
  });
  const lines = { $ref: '#/$defs/Line' };
  const catalogue = {
    'order.paid': messageOf(
      {
        type: 'object',
        properties: {
          total: { type: 'integer', description: 'in cents' },
          state: { enum: ['paid', 'partly'] },
          lines: { type: 'array', items: lines },
          note: { type: ['string', 'null'] },
        },
        required: ['total', 'lines'],
        $defs: { Line: { type: 'object', properties: { sku: { type: 'string' } }, required: ['sku'] } },
      },
      { description: 'An order was paid in full.' },
    ),
    'order.split': messageOf({
      type: 'object',
      properties: { line: lines, from: { $ref: '#' } },
      $defs: { Line: { type: 'number', tsType: 'any; evil' } },
    }),
    'order.seen': messageOf({}),
  };

  it('prints a map of the event types', async () => {
    const { requests, run: tidings } = await anApi(200, { components: { messages: catalogue } });
    const { code, out } = await tidings('event-types', 'types');
    expect(code).toBe(0);
    expect(requests).toMatchObject([{ line: 'GET /v1/webhooks/event-types/export?format=asyncapi' }]);
    expect(out).toMatchInlineSnapshot(`
      "// The event types of the catalogue: written by \`tidings event-types types\`. Do not edit.

      export interface Events {
        /**
         * An order was paid in full.
         */
        'order.paid': {
          /**
           * in cents
           */
          total: number;
          state?: 'paid' | 'partly';
          lines: Line[];
          note?: string | null;
        };
        'order.split': OrderSplit;
        'order.seen': unknown;
      }
      export interface Line {
        sku: string;
      }
      export interface OrderSplit {
        line?: number;
        from?: OrderSplit;
      }"
    `);
  });
});
