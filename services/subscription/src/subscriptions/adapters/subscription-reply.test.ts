import { AppError } from '@tidings/runtime';
import { expect, it } from 'vitest';
import { serveInMemory } from '../../../test/memory/in-memory-api.ts';
import { aBody } from '../../../test/registry-api.ts';

it('shows the health of an endpoint to which nothing was sent', async () => {
  const { call } = await serveInMemory();
  const { body } = await call('POST', '', { body: aBody() });
  expect(body).toMatchObject({ failure_count: 0, last_delivery_at: null });
  expect((await call('GET', '')).body.data).toMatchObject([{ failure_count: 0, last_delivery_at: null }]);
});

it('responds without health when it cannot be read', async () => {
  const { call, logger } = await serveInMemory({
    readHealth: async () => {
      throw new AppError({ code: 'unavailable', message: 'no database' });
    },
  });
  const created = await call('POST', '', { body: aBody() });
  expect(created.status).toBe(201);
  expect(created.body.secret).toMatch(/^whsec_/);
  expect(created.body.failure_count).toBeNull();
  expect((await call('GET', '')).body.data).toMatchObject([{ id: created.body.id, failure_count: null }]);
  expect(logger.lines.filter(({ event }) => event === 'endpoint-health.not-read')).toMatchObject([
    { level: 'warn', fields: { detail: 'no database' } },
    { level: 'warn', fields: { detail: 'no database' } },
  ]);
});
