import { lintApi } from '@tidings/testing';
import { expect, it } from 'vitest';
import { serveInMemory } from '../../../test/memory/in-memory-api.ts';

it('describes the routes of subscriptions without lint errors', async () => {
  const { url } = await serveInMemory();
  const description = (await (await fetch(`${url}/v1/openapi.json`)).json()) as { paths: object };
  expect(Object.keys(description.paths)).toContain('/v1/webhooks/subscriptions/{id}/rotate-secret');
  expect(await lintApi(description)).toEqual([]);
});
