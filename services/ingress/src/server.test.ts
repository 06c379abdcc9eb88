import { lintApi } from '@tidings/testing';
import { describe, expect, it } from 'vitest';
import { sendRaw, startMemoryIngress } from '../test/memory-ingress.ts';

describe('besides the routes', () => {
  it('serves its metrics and refuses unknown paths', async () => {
    const { url, post } = await startMemoryIngress();
    await post('/v1/events', '{"type":"a","data":1}');
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toContain('tidings_ingress_events_total{outcome="accepted",service="ingress"} 1');
    expect((await post('/v1/nothing', '{}')).status).toBe(404);
    const wrongMethod = await fetch(`${url}/v1/events`);
    expect(wrongMethod.status).toBe(405);
    expect(wrongMethod.headers.get('allow')).toBe('POST, OPTIONS');
  });

  it('describes its routes in valid OpenAPI', async () => {
    const { url } = await startMemoryIngress();
    const description = (await (await fetch(`${url}/v1/openapi.json`)).json()) as { paths: object };
    expect(Object.keys(description.paths)).toEqual([
      ...['/v1/events', '/v1/events/batch', '/v1/openapi.json', '/v1/sources/{id}'],
    ]);
    expect(await lintApi(description)).toEqual([]);
    // Sent by the server itself, before any route is known: found by test:fuzz with a query of 17,000 characters.
    expect(description).toHaveProperty(['paths', '/v1/events', 'post', 'responses', '431']);
  });

  it('responds 431 to huge headers and 400 to bytes that are not HTTP', async () => {
    const { url } = await startMemoryIngress();
    expect(await sendRaw(url, ['GET /live HTTP/1.1', `x: ${'y'.repeat(17_000)}`, '', ''])).toMatch(
      /^HTTP\/1.1 431 /,
    );
    expect(await sendRaw(url, ['nonsense', '', ''])).toMatch(/^HTTP\/1.1 400 /);
  });
});

describe('a delivery of this installation', () => {
  const mark = { 'tidings-loop': 'installation-1' };

  it.each(['/v1/events', '/v1/events/batch', '/v1/sources/any'])(
    'is refused at %s with 508',
    async (path) => {
      const { post, logged } = await startMemoryIngress({ LOOP_ID: 'installation-1' });
      const { status, body, headers } = await post(path, '{"type":"order.paid"}', mark);
      expect(status).toBe(508);
      expect(headers.get('content-type')).toContain('application/problem+json');
      expect(body).toMatchObject({ status: 508, title: 'Loop' });
      expect(logged()).toEqual([]);
    },
  );

  it('is distinguished from one of another installation', async () => {
    const { post } = await startMemoryIngress({ LOOP_ID: 'installation-2' });
    expect((await post('/v1/events', '{"type":"order.paid","data":1}', mark)).status).toBe(202);
  });

  it('is not detected without an id of the installation', async () => {
    const { post } = await startMemoryIngress();
    expect((await post('/v1/events', '{"type":"order.paid","data":1}', { 'tidings-loop': '' })).status).toBe(
      202,
    );
  });
});
