import { lintStandard } from '@tidings/testing';
import { describe, expect, it } from 'vitest';
import {
  orderPaid,
  orderSchema as schema,
  serveCatalogue,
} from '../../../test/memory/in-memory-catalogue.ts';

describe('GET event-types/export', () => {
  const inner = { ...schema, properties: { ...schema.properties, kin: { $ref: '#' } } };
  const docOf = async (format: string, { key = 'own', own = inner as object } = {}) => {
    const { call } = await serveCatalogue();
    await call('POST', '', { body: { ...orderPaid, schema: own, description: 'Somebody paid.' } });
    await call('POST', '', { body: { name: 'order.draft', state: 'draft' } });
    await call('POST', '', { body: { name: 'order.old' } });
    await call('DELETE', '/order.old');
    const answer = await call('GET', `/export?format=${format}`, { key });
    expect(answer.status).toBe(200);
    return answer.body;
  };

  it('returns AsyncAPI 3.0 with every type', async () => {
    const document = await docOf('asyncapi');
    expect(document['asyncapi']).toBe('3.0.0');
    expect(Object.keys(document['channels'] as object)).toEqual(['order.draft', 'order.old', 'order.paid']);
    expect(document).toMatchObject({
      channels: { 'order.paid': { address: 'order.paid' } },
      components: {
        messages: {
          'order.paid': {
            description: 'Somebody paid.',
            tags: [{ name: 'orders' }],
            payload: { schema: { $id: 'urn:tidings:event-type:order.paid', required: ['id', 'total'] } },
            'x-tidings': { state: 'active', mode: 'enforce', active_schema: 1, schemas: [{ version: 1 }] },
          },
          'order.old': { 'x-tidings': { state: 'archived' } },
        },
      },
    });
  });

  it('returns OpenAPI 3.1 webhooks whose body is that of a delivery', async () => {
    const document = await docOf('openapi');
    const schemaIn = { schema: { properties: { type: { const: 'order.paid' }, data: { type: 'object' } } } };
    expect(document).toMatchObject({
      openapi: '3.1.0',
      webhooks: {
        'order.paid': {
          post: { deprecated: false, requestBody: { content: { 'application/json': schemaIn } } },
        },
        'order.old': { post: { deprecated: true } },
      },
    });
  });

  it.each(['asyncapi', 'openapi'])('conforms to the standard as %s', async (format) => {
    // The linter does not support `$id`: it resolves a schema's reference to itself against the document.
    const document = await docOf(format, { own: schema });
    expect(await lintStandard(document)).toEqual([]);
    expect(await lintStandard({ ...document, channels: 7, webhooks: 7 })).not.toEqual([]);
  });

  it('shows a consumer the published types, and another workspace none', async () => {
    expect(Object.keys((await docOf('openapi', { key: 'acme' }))['webhooks'] as object)).toEqual([
      'order.paid',
    ]);
    expect((await docOf('openapi', { key: 'other' }))['webhooks']).toEqual({});
  });
});
