import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectKindSurvives, kinds } from './crash-kinds.ts';
import { aSite, openBrokers } from './registry-process.ts';

let brokers: Awaited<ReturnType<typeof openBrokers>>;
beforeAll(async () => {
  brokers = await openBrokers();
});
afterAll(async () => {
  await brokers?.stop();
});

it.each(Object.entries(kinds))('kill -9 at each step of the writes of %s loses nothing', async (_, kind) => {
  expect.hasAssertions();
  await expectKindSurvives(aSite(brokers.nodes.brokers), kind);
});
