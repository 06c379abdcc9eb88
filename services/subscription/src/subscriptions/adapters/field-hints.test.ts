import { describe, expect, it } from 'vitest';
import { serveInMemory } from '../../../test/memory/in-memory-api.ts';
import { aBody } from '../../../test/registry-api.ts';

describe('an unknown field of a subscription', () => {
  it.each([
    ['url', 'endpoint_url'],
    ['endpointUrl', 'endpoint_url'],
    ['event_types', 'events'],
    ['enabled_events', 'events'],
    ['filterTypes', 'events'],
    ['channels', 'filters'],
    ['rateLimit', 'rate_limit'],
    ['disabled', 'is_active'],
    ['descripton', 'description'],
  ])('suggests for %s the field %s', async (wrong, meant) => {
    const { call } = await serveInMemory();
    const { id } = (await call('POST', '', { body: aBody({}) })).body;
    const created = await call('POST', '', { body: aBody({ [wrong]: 'x' }) });
    const changed = await call('PATCH', `/${id}`, { body: { [wrong]: 'x' } });
    const fault = { pointer: `/${wrong}`, detail: `unknown field '${wrong}': did you mean '${meant}'?` };
    expect(created.body).toMatchObject({ status: 422, errors: [fault] });
    expect(changed.body).toMatchObject({ status: 422, errors: [fault] });
  });
});
