import { decodeWebhookReceived, type SourceRecord, topics } from '@tidings/contracts';
import { createMemoryBus } from '@tidings/kafka/testing';
import { eventually, publishTestKey } from '@tidings/testing';
import { describe, expect, it } from 'vitest';
import { startMemoryIngress } from '../../test/memory-ingress.ts';
import { aFolder, deliver, ids, spooling, writeSource } from '../../test/spooled-sources.ts';

async function start(over: Partial<SourceRecord> = {}, bus = createMemoryBus(), folder?: string) {
  await writeSource(bus, 'github', over);
  await writeSource(bus, 'stripe', over);
  await publishTestKey(await bus.producer(), { key: spooling, workspaceId: 'ws_demo', spool: true });
  const ingress = await startMemoryIngress({ INGRESS_SPOOL_DIR: folder ?? (await aFolder()) }, bus);
  const publish = async (id: string, key: 'spooling' | 'plain', orderingKey?: string): Promise<number> => {
    const body = JSON.stringify({ type: 'order.paid', data: 1, id, ordering_key: orderingKey });
    const headers = key === 'spooling' ? { authorization: `Bearer ${spooling}` } : {};
    return (await ingress.post('/v1/events', body, headers)).status;
  };
  const facts = () => bus.records(topics.received).map(decodeWebhookReceived);
  const arrived = (): (string | null)[] => ingress.logged().map(({ event }) => event.callerId);
  return { ...ingress, publish, arrived, facts };
}

describe('while the log does not acknowledge', () => {
  it('a webhook of a provider that never repeats is accepted, and reaches the log in order with its time', async () => {
    const { url, bus, arrived, logged } = await start();
    expect(await deliver(url, 'github', 'd-1')).toBe(200);
    bus.setReachable(false);
    for (const delivery of ['d-2', 'd-3', 'd-4']) expect(await deliver(url, 'github', delivery)).toBe(202);
    expect(arrived()).toEqual(['d-1']);
    const ready = (await (await fetch(`${url}/ready`)).json()) as {
      parts: { name: string; detail: object }[];
    };
    expect(ready.parts.find(({ name }) => name === 'spool')?.detail).toMatchObject({ records: 3 });
    const backMs = Date.now();
    bus.setReachable(true);
    await eventually(() => expect(arrived()).toEqual(['d-1', 'd-2', 'd-3', 'd-4']));
    const [, ...spooled] = logged();
    for (const { record, event } of spooled) {
      expect(record.timestampMs).toBeLessThanOrEqual(backMs);
      expect(Math.abs(record.timestampMs - Date.parse(event.time))).toBeLessThan(1_000);
    }
    await eventually(async () => expect(await deliver(url, 'github', 'd-5')).toBe(200));
  });

  it('what the source received has its webhooks once they are drained, with their time, also after a restart', async () => {
    const folder = await aFolder();
    const bus = createMemoryBus();
    const first = await start({}, bus, folder);
    expect(await deliver(first.url, 'github', 'd-1')).toBe(200);
    await eventually(() => expect(first.facts()).toHaveLength(1));
    expect(first.facts()[0]).not.toHaveProperty('isSpooled');
    bus.setReachable(false);
    const sentMs = Date.now();
    for (const delivery of ['d-2', 'd-3']) expect(await deliver(first.url, 'github', delivery)).toBe(202);
    const acceptedMs = Date.now();
    await first.stop();
    expect(first.facts()).toHaveLength(1);
    bus.setReachable(true);
    const second = await start({}, bus, folder);
    await eventually(() => expect(second.facts()).toHaveLength(3));
    const [, ...events] = second.logged().map(({ event }) => event);
    for (const [at, fact] of second.facts().slice(1).entries()) {
      expect(fact).toMatchObject({
        ...{
          outcome: 'accepted',
          isSpooled: true,
          sourceId: ids.github,
          eventType: 'github.pull_request.opened',
        },
        ...{ events: 1, eventIds: [events[at]?.id] },
      });
      expect(fact.bytes).toBeGreaterThan(0);
      expect(fact.atMs).toBeGreaterThanOrEqual(sentMs);
      expect(fact.atMs).toBeLessThanOrEqual(acceptedMs);
    }
    // What comes now is in the log at once, and noted as ever.
    await eventually(async () => expect(await deliver(second.url, 'github', 'd-4')).toBe(200));
    await eventually(() => expect(second.facts().at(-1)).not.toHaveProperty('isSpooled'));
    expect(new Set(second.facts().map(({ eventIds }) => eventIds[0])).size).toBe(second.facts().length);
  });

  it('ingress stays ready: it takes what it has a spool for', async () => {
    const { url, bus } = await start();
    bus.setReachable(false);
    expect(await deliver(url, 'github', 'd-1')).toBe(202);
    // Longer than the state of a table takes to be reported.
    await eventually(async () => {
      const response = await fetch(`${url}/ready`);
      const { parts } = (await response.json()) as { parts: { name: string; detail: object }[] };
      const spool = parts.find(({ name }) => name === 'spool')?.detail as { oldest_age_seconds: number };
      expect(spool.oldest_age_seconds).toBeGreaterThanOrEqual(2);
      expect(response.status).toBe(200);
    });
    expect((await fetch(`${url}/ready`)).status).toBe(200);
  });

  it.each([
    ['stripe', {}, 503],
    ['stripe', { spool: true }, 202],
    ['github', { spool: false }, 503],
  ] as const)('a webhook of %s with %j is answered %i', async (provider, over, status) => {
    const { url, bus } = await start(over);
    bus.setReachable(false);
    expect(await deliver(url, provider, 'd-1')).toBe(status);
  });

  it('an event is accepted for a key with a spool alone, and for any key behind one of its order', async () => {
    const { publish, bus, arrived } = await start();
    expect(await publish('e-0', 'spooling', 'k')).toBe(202);
    bus.setReachable(false);
    expect(await publish('e-1', 'plain', 'k')).toBe(503);
    expect(await publish('e-2', 'spooling', 'k')).toBe(202);
    expect(await publish('e-3', 'plain', 'k')).toBe(202);
    expect(await publish('e-4', 'plain', 'other')).toBe(503);
    bus.setReachable(true);
    await eventually(() => expect(arrived()).toEqual(['e-0', 'e-2', 'e-3']));
    await eventually(async () => expect(await publish('e-5', 'plain', 'k')).toBe(202));
    expect(arrived()).toEqual(['e-0', 'e-2', 'e-3', 'e-5']);
  });

  it('copies of a record are in one partition, also without an ordering key and an id of the caller', async () => {
    const { post, bus, logged } = await start();
    bus.setReachable(false);
    const headers = { authorization: `Bearer ${spooling}` };
    const { body } = await post('/v1/events', '{"type":"a","data":1}', headers);
    bus.setReachable(true);
    await eventually(() => expect(logged()).toHaveLength(1));
    const [only] = logged();
    expect(only?.record.key).toBe((body as { id: string }).id);
    expect(only?.event.id).toBe((body as { id: string }).id);
  });

  it('what was accepted reaches the log after a restart', async () => {
    const folder = await aFolder();
    const bus = createMemoryBus();
    const first = await start({}, bus, folder);
    bus.setReachable(false);
    expect(await deliver(first.url, 'github', 'd-1')).toBe(202);
    await expect(start({}, createMemoryBus(), folder)).rejects.toMatchObject({ code: 'conflict' });
    await first.stop();
    bus.setReachable(true);
    expect(first.arrived()).toEqual([]);
    const second = await start({}, bus, folder);
    await eventually(() => expect(second.arrived()).toEqual(['d-1']));
  });
});
