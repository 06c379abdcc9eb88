import { randomUUID } from 'node:crypto';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { BatchResult } from '../../client/create-client.ts';
import type { EventInput } from '../../client/event-input.ts';
import { createRelay } from '../create-relay.ts';
import type { OutboxStore, RefusedEntry } from '../outbox-entry.ts';

/** Called before each request to the database; one that never returns is a process that was killed there. */
export type Step = () => Promise<void>;

/** An empty outbox of a test. */
export type TestOutbox = Readonly<{
  add: (event: EventInput) => Promise<string>;
  store: (step: Step) => OutboxStore;
  /** Returns the ids of all entries and of those that were refused. */
  entries: () => Promise<Readonly<{ all: readonly string[]; refused: readonly string[] }>>;
  /** Ends what killed processes hold: their leases, their connections. */
  endKilled: () => Promise<void>;
  close: () => Promise<void>;
}>;

const alive: Step = async () => {};

/** Creates an API that takes events, each id once, and may fail. */
function anApi(answer: (event: EventInput, call: number) => number = () => 202) {
  const accepted: EventInput[] = [];
  let calls = 0;
  const take = (event: EventInput): BatchResult => {
    calls += 1;
    const status = answer(event, calls);
    if (status !== 202) {
      const problem = { type: 'x', title: 'x', status, detail: 'it is so', code: 'test' };
      return { ok: false, status, problem };
    }
    if (!accepted.some(({ id }) => id === event.id)) accepted.push(event);
    return { ok: true, id: event.id ?? '', type: event.type, acceptedAt: new Date() };
  };
  const orderOf = (key: string): unknown[] =>
    accepted
      .filter(({ orderingKey }) => orderingKey === key)
      .map(({ dataJson }) => JSON.parse(dataJson ?? ''));
  return { accepted, orderOf, publishBatch: async (events: readonly EventInput[]) => events.map(take) };
}

type Api = ReturnType<typeof anApi>;

async function drain(outbox: TestOutbox, tidings: Api): Promise<readonly RefusedEntry[]> {
  const refused: RefusedEntry[] = [];
  const relay = createRelay({
    outbox: outbox.store(alive),
    tidings,
    batchSize: 5,
    onRefused: (some) => refused.push(...some),
  });
  for (let isLeft = true; isLeft; ) {
    // Rejects if nothing was accepted.
    await relay.runOnce().catch(() => {});
    const { all, refused: setAside } = await outbox.entries();
    isLeft = all.length > setAside.length;
  }
  return refused;
}

/** Tests that the outboxes of all databases pass. */
export function outboxContract(name: string, open: () => Promise<TestOutbox>): void {
  const anOutbox = async (): Promise<TestOutbox> => {
    const outbox = await open();
    onTestFinished(outbox.close);
    return outbox;
  };
  const addSix = async (outbox: TestOutbox): Promise<void> => {
    for (const [key, data] of [
      ['a', 1],
      ['b', 1],
      [undefined, 0],
      ['a', 2],
      ['a', 3],
      ['b', 2],
    ] as const) {
      await outbox.add({ type: 'a.b', data, ...(key === undefined ? {} : { orderingKey: key }) });
    }
  };

  describe(`an outbox in ${name}`, () => {
    it('publishes events with all their fields under the id with which they were added', async () => {
      const [outbox, api] = [await anOutbox(), anApi()];
      const own = await outbox.add({
        type: 'a.b',
        dataJson: '{"n": 12345678901234567890}',
        id: 'mine',
        consumerId: 'c',
      });
      const generated = await outbox.add({ type: 'c.d', data: { x: '…' }, source: 's', orderingKey: 'k' });
      await drain(outbox, api);
      const time = expect.stringMatching(/^\d{4}-/) as string;
      expect(own).toBe('mine');
      expect(api.accepted).toEqual([
        { type: 'a.b', dataJson: '{"n": 12345678901234567890}', id: 'mine', consumerId: 'c', time },
        { type: 'c.d', dataJson: '{"x":"…"}', id: generated, source: 's', orderingKey: 'k', time },
      ]);
    });

    it('adds an id once', async () => {
      const [outbox, api] = [await anOutbox(), anApi()];
      for (const data of [1, 2]) await outbox.add({ type: 'a.b', data, id: 'same' });
      await drain(outbox, api);
      expect(api.accepted.map(({ dataJson }) => dataJson)).toEqual(['1']);
    });

    it('refuses at once what could never be published', async () => {
      const outbox = await anOutbox();
      await expect(outbox.add({ type: 'a.b', dataJson: '1, 2' })).rejects.toThrow('exactly one JSON value');
      expect((await outbox.entries()).all).toEqual([]);
    });

    it('keeps the order of each key with several relays and an API that fails', async () => {
      const outbox = await anOutbox();
      const api = anApi((_event, call) => (call % 3 === 0 ? 503 : 202));
      const keys = ['a', 'b', 'c', 'd'];
      for (let n = 0; n < 10; n += 1) {
        for (const orderingKey of keys) await outbox.add({ type: 'a.b', data: n, orderingKey });
      }
      await Promise.all(Array.from({ length: 3 }, async () => drain(outbox, api)));
      for (const key of keys) expect(api.orderOf(key)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    });

    it('sets aside what is refused, and continues behind it', async () => {
      const outbox = await anOutbox();
      const api = anApi(({ dataJson }) => (dataJson === '"bad"' ? 422 : 202));
      const bad = await outbox.add({ type: 'a.b', data: 'bad', orderingKey: 'k' });
      await outbox.add({ type: 'a.b', data: 'good', orderingKey: 'k' });
      expect(await drain(outbox, api)).toEqual([{ id: bad, reason: '422 test: it is so' }]);
      expect(api.orderOf('k')).toEqual(['good']);
      expect(await outbox.entries()).toEqual({ all: [bad], refused: [bad] });
    });

    it('holds no other key behind one of which nothing is accepted', async () => {
      const outbox = await anOutbox();
      const api = anApi(({ orderingKey }) => (orderingKey === 'stuck' ? 503 : 202));
      for (let n = 0; n < 12; n += 1) await outbox.add({ type: 'a.b', data: n, orderingKey: 'stuck' });
      await outbox.add({ type: 'a.b', data: 1, orderingKey: 'k' });
      await outbox.add({ type: 'a.b', data: 2 });
      const relay = createRelay({ outbox: outbox.store(alive), tidings: api, batchSize: 5 });
      for (let n = 0; n < 3; n += 1) await relay.runOnce().catch(() => {});
      expect(api.accepted.map(({ dataJson }) => dataJson).toSorted()).toEqual(['1', '2']);
    });

    it('gives the entries of a relay to nobody else while it publishes', async () => {
      const outbox = await anOutbox();
      await addSix(outbox);
      const first = await outbox.store(alive).take(100, 60_000);
      expect(first?.entries).toHaveLength(6);
      await outbox.add({ type: 'a.b', data: 4, orderingKey: 'a' });
      expect(await outbox.store(alive).take(100, 60_000)).toBeNull();
      await first?.abandon();
      const second = await outbox.store(alive).take(100, 60_000);
      expect(second?.entries).toHaveLength(7);
      await second?.abandon();
    });

    it('gives each entry to one of several relays that take at once', async () => {
      const outbox = await anOutbox();
      await addSix(outbox);
      const takes = Array.from({ length: 4 }, async () => outbox.store(alive).take(100, 60_000));
      const taken = (await Promise.all(takes)).filter((one) => one !== null);
      const ids = taken.flatMap(({ entries }) => entries.map(({ id }) => id));
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.length).toBeGreaterThan(0);
      for (const one of taken) await one.abandon();
    });

    it('loses nothing and keeps its order when a relay is killed at any step', async () => {
      for (let killedAt = 1, isKilled = true; isKilled; killedAt += 1) {
        const [outbox, api] = [await anOutbox(), anApi()];
        await addSix(outbox);
        isKilled = await runUntilKilled(outbox, api, killedAt);
        await outbox.endKilled();
        await drain(outbox, api);
        expect(api.orderOf('a'), `killed at step ${killedAt}`).toEqual([1, 2, 3]);
        expect(api.orderOf('b'), `killed at step ${killedAt}`).toEqual([1, 2]);
        expect(api.accepted, `killed at step ${killedAt}`).toHaveLength(6);
        // Fewer would mean that it is not killed anywhere of interest.
        if (!isKilled) expect(killedAt).toBeGreaterThan(5);
      }
    });
  });
}

/** Runs a relay that stops for ever at a step. Returns false if it has ended before. */
async function runUntilKilled(outbox: TestOutbox, api: Api, killedAt: number): Promise<boolean> {
  let steps = 0;
  let kill = (): void => {};
  const killed = new Promise<true>((resolve) => {
    kill = () => resolve(true);
  });
  const step: Step = async () => {
    steps += 1;
    if (steps < killedAt) return;
    kill();
    await new Promise(() => {});
  };
  const tidings = {
    publishBatch: async (events: readonly EventInput[]) => {
      await step();
      const results = await api.publishBatch(events);
      await step();
      return results;
    },
  };
  const relay = createRelay({ outbox: outbox.store(step), tidings });
  const ended = relay.runOnce().then(() => false);
  return Promise.race([killed, ended]);
}

/** Returns an object whose methods take a step first. */
export function stepping<T extends object>(target: T, step: Step, names: readonly (keyof T & string)[]): T {
  return new Proxy(target, {
    get: (object, name) => {
      const member: unknown = Reflect.get(object, name);
      if (typeof member !== 'function') return member;
      if (!names.includes(name as keyof T & string)) return member.bind(object) as unknown;
      return async (...args: unknown[]) => {
        await step();
        return Reflect.apply(member, object, args) as unknown;
      };
    },
  });
}

/** Returns a name that no other test has. */
export const uniqueName = (): string => `outbox_${randomUUID().replaceAll('-', '')}`;
