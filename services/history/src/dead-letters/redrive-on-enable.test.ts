import { eventually } from '@tidings/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { bodyOf, isDone, newBacking, producing, startHere, stopAll } from '../../test/in-memory-history.ts';

afterEach(stopAll);

describe('enabling a subscription', () => {
  const disabled = { version: 2, enabledVersion: 1, state: 'disabled', disabledReason: 'r' } as const;

  it('redrives what was dead-lettered while it was disabled, in order, once, and no failed delivery', async () => {
    const service = await startHere();
    await service.subscribe(disabled);
    await service.deadLetter(1, {}, 'exhausted');
    for (let n = 2; n <= 6; n += 1) await service.deadLetter(n, { subscriptionVersion: 2 }, 'disabled');
    await service.stored(6);
    await service.subscribe({ version: 3, enabledVersion: 3 });
    await eventually(() => expect(service.sent()).toHaveLength(5));
    expect(service.sent().map(({ body }) => body.toString())).toEqual(
      [2, 3, 4, 5, 6].map((n) => bodyOf(n).toString()),
    );
    expect(service.sent().every(({ state }) => state.subscriptionVersion === 3)).toBe(true);
    await service.subscribe({ version: 4, enabledVersion: 3 });
    await eventually(() =>
      expect(service.jobs.all()).toMatchObject([{ state: 'done', requestedBy: 'enable' }]),
    );
    await service.stop();
    const again = await startHere(service);
    await eventually(async () => expect((await fetch(`${again.url}/ready`)).status).toBe(200));
    expect(again.jobs.all()).toHaveLength(1);
    expect(again.sent()).toHaveLength(5);
  });

  it('works when no instance was up at the time, with dead letters that were not read yet', async () => {
    const backing = newBacking();
    const outside = producing(backing);
    await outside.subscribe(disabled);
    for (let n = 1; n <= 5; n += 1) await outside.deadLetter(n, { subscriptionVersion: 2 }, 'disabled');
    await outside.subscribe({ version: 3, enabledVersion: 3 });
    const service = await startHere(backing);
    await eventually(() => expect(service.sent()).toHaveLength(5));
    await eventually(() => expect(service.jobs.all()).toMatchObject([{ state: 'done' }]));
  });

  it('redrives what was dead-lettered a moment after the change', async () => {
    const service = await startHere();
    await service.subscribe({ version: 3, enabledVersion: 3 });
    await eventually(() => expect(service.jobs.all()).toMatchObject([{ state: 'done' }]));
    await service.deadLetter(1, { subscriptionVersion: 2 }, 'disabled');
    await eventually(() => expect(service.sent()).toHaveLength(1));
    await eventually(() => expect(service.jobs.all().map(({ state }) => state)).toEqual(['done', 'done']));
  });

  it('discards instead if that was requested', async () => {
    const service = await startHere();
    await service.subscribe(disabled);
    await service.deadLetter(1, { subscriptionVersion: 2 }, 'disabled');
    await service.deadLetter(2, { subscriptionVersion: 2 }, 'exhausted');
    await service.stored(2);
    await service.subscribe({ version: 3, enabledVersion: 3, onEnable: 'discard' });
    await eventually(() => expect(service.jobs.all()).toMatchObject([{ state: 'done', kind: 'discard' }]));
    expect(service.deadLetters.all().map(({ state }) => state)).toEqual(['discarded', 'waiting']);
    expect(service.sent()).toEqual([]);
  });
});

describe('reading the topic again into an empty store', () => {
  it('restores what was done with each dead letter, and redrives nothing again', async () => {
    const service = await startHere();
    await service.subscribe();
    for (let n = 1; n <= 3; n += 1) await service.deadLetter(n, { subscriptionVersion: 1 }, 'disabled');
    await service.stored(3);
    const [first, second] = service.deadLetters.all();
    const { body } = await service.call('POST', `/${first?.id}/redrive`);
    await isDone(service, body['id']);
    await service.call('POST', `/${second?.id}/discard`, { reason: 'r' });
    await service.stop();
    await service.subscribe({ version: 3, enabledVersion: 3 });
    const rebuilt = await startHere({ ...newBacking(), bus: service.bus }, { HISTORY_GROUP: 'rebuilt' });
    await eventually(() => {
      expect(rebuilt.deadLetters.all().map(({ state }) => state)).toEqual([
        'redriven',
        'discarded',
        'redriven',
      ]);
    });
    expect(rebuilt.sent().map((command) => command.body.toString())).toEqual(
      [1, 3].map((n) => bodyOf(n).toString()),
    );
  });
});
