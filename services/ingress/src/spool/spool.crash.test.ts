import { setImmediate } from 'node:timers/promises';
import { newSourceId, type WebhookReceived, workspaceId } from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import { type Death, MortalFolder, Mortality } from '../../test/mortal-files.ts';
import { anEvent, hastyClock, MortalLog, numberOf, openSpoolWorld } from '../../test/spool-world.ts';

import { acceptedFactOf } from '../domain/webhook-fact.ts';
import type { Published } from '../ports.ts';

const keys = ['a', 'b', null] as const;
const keyOf = (number: number): string | null => keys[number % keys.length] ?? null;

/** A small generator of numbers in [0, 1), the same for a seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Waits for what takes turns of the event loop, and no time. */
async function until(isReached: () => boolean): Promise<void> {
  for (let turn = 0; !isReached(); turn += 1) {
    if (turn > 20_000) throw new Error('it is not reached');
    await setImmediate();
  }
}

type Run = Readonly<{ folder: MortalFolder; log: MortalLog; accepted: number[]; spooled: number[] }>;

const source = { id: newSourceId(1), workspaceId: workspaceId('ws_spool'), provider: 'github' };
/** Returns the fact about the webhook of an event. */
const factOf = (number: number, atMs: number): WebhookReceived => {
  const eventIds = [anEvent(number).event.id];
  return acceptedFactOf(source, { bytes: 1, eventType: 'github.push', eventIds }, atMs);
};

// Checkpoints within segments, and between them.
const small = { segmentBytes: 2_000, batchRecords: 1 };

/** One process: events come while the log is there, away, and there again. Returns the steps it took. */
async function live(
  { folder, log, accepted, spooled }: Run,
  life: Mortality,
  first: number,
): Promise<number> {
  const ignore = (): void => {};
  const world = await openSpoolWorld(folder.open(life), log, { ...small, life, clock: hastyClock }).catch(
    () => undefined,
  );
  if (world === undefined) return life.steps;
  const drainer = world.startDraining();
  const post = async (number: number): Promise<void> => {
    const spooledFact = (atMs: number) => factOf(number, atMs);
    const event = anEvent(number, keyOf(number));
    const published = world.publisher.publish([event], { maySpool: true, spooledFact });
    const note = (place: Published): void => {
      if (life.isDead) return;
      accepted.push(number);
      if (place === 'spool') spooled.push(number);
    };
    await published.then(note, ignore);
  };
  for (let at = 0; at < 12; at += 1) {
    if (at === 2) log.isAway = true;
    if (at === 9) log.return();
    // Of one key one after the other; two at once are of two keys.
    await (at % 4 === 3 ? Promise.all([post(first + at), post(first + 20 + at)]) : post(first + at));
  }
  await until(() => life.isDead || world.spool.state.records === 0);
  await drainer.close();
  return life.steps;
}

/** Brings what is left to the log, with a process that does not end. */
async function drain({ folder, log }: Run): Promise<void> {
  log.return();
  const world = await openSpoolWorld(folder.open(new Mortality()), log, { ...small, clock: hastyClock });
  const drainer = world.startDraining();
  await until(() => world.spool.state.bytes === 0);
  expect(world.spool.state.records).toBe(0);
  await drainer.close();
}

const aRun = (seed: number): Run => ({
  folder: new MortalFolder(randomFrom(seed)),
  log: new MortalLog(),
  accepted: [],
  spooled: [],
});

/** Returns true if a record is in a segment that could not be read for several attempts. */
const isAside = ({ folder }: Run, number: number): boolean =>
  [...folder.files].some(
    ([name, { bytes }]) => name.endsWith('.bad') && bytes.includes(`"number":${number},`),
  );

function expectNothingLost(run: Run): void {
  const { log, accepted } = run;
  const firsts = [...new Set(log.records.map(numberOf))];
  const due = accepted.filter((number) => firsts.includes(number) || !isAside(run, number));
  expect(due.filter((number) => !firsts.includes(number))).toEqual([]);
  for (const key of keys) {
    if (key === null) continue;
    const ofKey = new Set(due.filter((number) => keyOf(number) === key));
    expect(firsts.filter((number) => ofKey.has(number))).toEqual([...ofKey]);
  }
  // One fact for each that was spooled, which has the same id if it is written twice.
  const facts = log.facts.map(({ eventIds, id }) => `${eventIds[0]} ${id}`);
  const about = new Set(log.facts.map(({ eventIds }) => eventIds[0]));
  expect(new Set(facts).size).toBe(about.size);
  const isNoted = (number: number): boolean => about.has(anEvent(number).event.id);
  expect(run.spooled.filter((number) => due.includes(number) && !isNoted(number))).toEqual([]);
}

describe.each<Death>(['kill', 'power'])('a process that ends by %s', (death) => {
  it('at any step loses nothing that was accepted, and keeps the order of each key', async () => {
    const steps = await live(aRun(1), new Mortality(), 0);
    expect(steps).toBeGreaterThan(80);
    for (let killAt = 1; killAt <= steps; killAt += 1) {
      const run = aRun(killAt);
      await live(run, new Mortality(killAt), 0);
      run.folder.endRun(death);
      await drain(run);
      expectNothingLost(run);
    }
  });

  it('twice, the second time while it drains what the first has left, loses nothing', async () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const run = aRun(seed);
      const random = randomFrom(seed);
      for (const first of [0, 100]) {
        await live(run, new Mortality(20 + Math.floor(random() * 60)), first);
        run.folder.endRun(death);
      }
      await drain(run);
      expectNothingLost(run);
    }
  });
});

describe('a disk of which steps fail', () => {
  it.each([1, 2, 5, 40])(
    '%i of them, from any on: loses nothing, and keeps the order of each key',
    async (count) => {
      const healthy = new Mortality();
      await live(aRun(1), healthy, 0);
      for (let from = 1; from <= healthy.diskSteps; from += 1) {
        const run = aRun(from);
        await live(run, new Mortality(Infinity, { from, count }), 0);
        // The next process finds the checkpoint and the segments that this one could not write or remove.
        await live(run, new Mortality(), 100);
        await drain(run);
        expectNothingLost(run);
        // Nothing is given up after few attempts.
        if (count <= 5) expect([...run.folder.files.keys()]).toEqual(['checkpoint']);
      }
    },
  );

  it.each<Death>(['kill', 'power'])('before its process ends by %s: loses nothing', async (death) => {
    for (let seed = 1; seed <= 60; seed += 1) {
      const run = aRun(seed);
      const random = randomFrom(seed);
      for (const first of [0, 100, 200]) {
        const from = 1 + Math.floor(random() * 90);
        const killAt = 20 + Math.floor(random() * 110);
        await live(run, new Mortality(killAt, { from, count: 1 + Math.floor(random() * 30) }), first);
        run.folder.endRun(death);
      }
      await drain(run);
      expectNothingLost(run);
    }
  });
});
