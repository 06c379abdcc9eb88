import { eventually } from '@tidings/testing';
import { expect, it } from 'vitest';
import { aSite, sentCommands, startReadyRegistry } from './crashes/start-registry.ts';
import { aBody } from './registry-api.ts';

// Every test that starts the service fails on a command that the design does not allow; this one ensures that commands
// are observed at all.
it('sends commands of the allowed kinds, from every route', async () => {
  const { call, logger } = await startReadyRegistry(aSite());
  const keyed = { body: aBody({ headers: { 'x.$y': 'v' } }), headers: { 'idempotency-key': 'k' } };
  const { body } = await call('POST', '', keyed);
  await call('POST', '', keyed);
  await call('POST', '', { ...keyed, body: aBody({ events: ['*'] }) });
  await call('GET', '?event=order.paid&consumer_id=acme&state=active&limit=1');
  await call('PATCH', `/${body.id}`, { body: { rate_limit: { per_second: 3 }, description: 'x' } });
  await call('PATCH', `/${body.id}`, { body: { description: 'y' }, headers: { 'if-match': '"1"' } });
  await call('POST', `/${body.id}/disable`);
  await call('POST', `/${body.id}/enable`);
  await call('POST', `/${body.id}/rotate-secret`);
  await call('DELETE', `/${body.id}`);
  await eventually(() => expect(logger.lines.map(({ event }) => event)).toContain('registry.compared'));
  // The audit outbox removes its marks once their entries are published, perhaps later.
  const seen = [...sentCommands.seen].filter((name) => name !== 'delete').sort();
  expect(seen).toEqual(['createIndexes', 'find', 'insert', 'update']);
});
