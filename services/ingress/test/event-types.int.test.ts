import { type EventTypeRecord, encodeEventType, topics, workspaceId } from '@tidings/contracts';
import { connectKafka } from '@tidings/kafka';
import { silentLogger } from '@tidings/observability';
import { eventually, sharedBrokers } from '@tidings/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startRunningIngress } from './running-ingress.ts';

const openCatalogue = async () => {
  const bus = await connectKafka({
    brokers: sharedBrokers(),
    clientId: 'tidings-test',
    logger: silentLogger,
  });
  onTestFinished(async () => bus.close());
  const producer = await bus.producer();
  return async (over: Partial<EventTypeRecord>) =>
    producer.publish({
      topic: topics.eventTypes,
      ...encodeEventType({
        type: 'EventTypeChanged.v1',
        workspaceId: workspaceId('ws_ingress'),
        name: 'int.paid',
        version: 1,
        state: 'active',
        mode: 'enforce',
        audience: 'broadcast',
        schema: { version: 1, schema: { required: ['id'] } },
        deprecatedAtMs: null,
        sunsetAtMs: null,
        ...over,
      }),
    });
};

// Runs without MongoDB: ingress reads event types from the log alone.
describe('event types on a real broker', () => {
  it('are known at start, and a change applies', async () => {
    const register = await openCatalogue();
    await register({});
    const { post, whenReady } = await startRunningIngress(sharedBrokers());
    await whenReady();
    const send = async () => (await post('/v1/events', '{"type":"int.paid","data":{}}')).status;
    expect(await send()).toBe(422);
    await register({ version: 2, mode: 'off' });
    await eventually(async () => expect(await send()).toBe(202));
    await register({ version: 3, state: 'archived' });
    await eventually(async () => expect(await send()).toBe(422));
  });
});
