import { type ApiDescription, describeApi, route } from '@tidings/http';
import { fakeClock } from '@tidings/runtime/testing';
import { expect, it } from 'vitest';
import { createCollectDescription } from './collect-description.ts';

const part = (name: 'Events' | 'Deliveries', path: `/v1/${string}`): ApiDescription =>
  describeApi([
    route({
      operationId: `list${name}`,
      method: 'GET',
      path,
      access: 'deliveries:read',
      tag: name,
      summary: `List ${name}`,
      responses: { 200: { description: 'All.' } },
      handle: async () => ({ status: 200 }),
    }),
  ]);

const services = [
  { name: 'history', url: 'http://history' },
  { name: 'ingress', url: 'http://ingress' },
];
const parts: Readonly<Record<string, ApiDescription>> = {
  history: part('Deliveries', '/v1/webhooks/deliveries'),
  ingress: part('Events', '/v1/events'),
};

const start = () => {
  const clock = fakeClock();
  const down = new Set<string>();
  let requested = 0;
  const collect = createCollectDescription({
    services,
    clock,
    fetchFrom: async ({ name }) => {
      requested += 1;
      return down.has(name) ? null : (parts[name] ?? null);
    },
  });
  return { clock, down, collect, requested: () => requested };
};

it('merges the descriptions of the services and caches the result for a minute', async () => {
  const { clock, collect, requested } = start();
  const { info, tags, paths, components } = await collect();
  expect(Object.keys(paths)).toEqual(['/v1/events', '/v1/webhooks/deliveries']);
  expect(tags.map(({ name }) => name)).toEqual(['Events', 'Deliveries']);
  expect(components['schemas']).toHaveProperty('Problem');
  expect(info).not.toHaveProperty('x-missing-services');
  await collect();
  expect(requested()).toBe(2);
  await clock.advance(60_000);
  await collect();
  expect(requested()).toBe(4);
});

it('names the missing service, and fetches again soon', async () => {
  const { clock, down, collect } = start();
  down.add('history');
  const { info, paths } = await collect();
  expect(Object.keys(paths)).toEqual(['/v1/events']);
  expect(info['x-missing-services']).toEqual(['history']);
  expect(info['description']).toContain('the part of history could not be read');
  down.clear();
  await clock.advance(2_000);
  expect(Object.keys((await collect()).paths)).toHaveLength(2);
});

it('uses the last description of a service that went down', async () => {
  const { clock, down, collect } = start();
  await collect();
  down.add('history');
  await clock.advance(60_000);
  const { info, paths } = await collect();
  expect(Object.keys(paths)).toHaveLength(2);
  expect(info).not.toHaveProperty('x-missing-services');
});
