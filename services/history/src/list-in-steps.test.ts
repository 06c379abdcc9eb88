import { workspaceId } from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import { countInSteps, listInSteps, readAtOnce } from './list-in-steps.ts';
import { SearchTurns } from './search-turns.ts';

const numbers = Array.from({ length: 10 * readAtOnce }, (_, n) => n);

/** A list of numbers of which some match, read as a store does. Counts the steps. */
const listOf = (matches: (n: number) => boolean) => {
  let steps = 0;
  const step = async ({ limit, after }: { limit: number; after: number | null }) => {
    steps += 1;
    const read = numbers.slice((after ?? -1) + 1, (after ?? -1) + 1 + readAtOnce);
    const found = read.filter(matches).slice(0, limit);
    const last = (found.length < limit ? read : found).at(-1) ?? null;
    const isEnd = found.length < limit && read.length < readAtOnce;
    return { found, reached: isEnd ? null : last };
  };
  return { step, positionOf: (n: number) => n, steps: () => steps };
};

describe('a list that is read in steps', () => {
  it('goes on until the page is full, and continues behind its last row', async () => {
    const list = listOf((n) => n % 700 === 0);
    const first = await listInSteps({ ...list, mayGoOn: () => true }, { limit: 3, after: null });
    expect(first).toEqual({ found: [0, 700, 1_400], next: 1_400, isCut: false });
    const second = await listInSteps({ ...list, mayGoOn: () => true }, { limit: 3, after: first.next });
    expect(second.found).toEqual([2_100, 2_800, 3_500]);
  });

  it('shows each row once, also where it may not go on', async () => {
    const list = listOf((n) => n % 700 === 0);
    const seen: number[] = [];
    const cuts: boolean[] = [];
    let after: number | null = null;
    do {
      const page: Awaited<ReturnType<typeof listInSteps<number, number>>> = await listInSteps(
        { ...list, mayGoOn: () => false },
        { limit: 1, after },
      );
      seen.push(...page.found);
      cuts.push(page.isCut);
      after = page.next;
    } while (after !== null);
    expect(seen).toEqual(numbers.filter((n) => n % 700 === 0));
    expect(cuts).toContain(true);
  });

  it('ends without a next page where nothing is left', async () => {
    const list = listOf(() => false);
    const page = await listInSteps({ ...list, mayGoOn: () => true }, { limit: 3, after: null });
    expect(page).toEqual({ found: [], next: null, isCut: false });
    expect(list.steps()).toBe(11);
  });

  it('is counted in the same way', async () => {
    const list = listOf((n) => n % 2 === 0);
    expect(await countInSteps({ ...list, mayGoOn: () => true })).toEqual({
      count: numbers.length / 2,
      reached: null,
    });
    expect(await countInSteps({ ...list, mayGoOn: () => false })).toEqual({
      count: readAtOnce / 2,
      reached: readAtOnce - 1,
    });
  });
});

describe('the turns of searches', () => {
  const [one, other] = [workspaceId('ws_1'), workspaceId('ws_2')];

  it('lets one search of a workspace go on, and cuts the others short', async () => {
    const turns = new SearchTurns({ monotonicMs: () => 0 });
    const answers: boolean[] = [];
    await turns.run(one, async (mayGoOn) => {
      answers.push(mayGoOn(), mayGoOn());
      await turns.run(one, async (mayOtherGoOn) => answers.push(mayOtherGoOn()));
      await turns.run(other, async (mayOtherGoOn) => answers.push(mayOtherGoOn()));
    });
    await turns.run(one, async (mayGoOn) => answers.push(mayGoOn()));
    expect(answers).toEqual([true, true, false, true, true]);
  });

  it('lets four go on at once', async () => {
    const turns = new SearchTurns({ monotonicMs: () => 0 });
    const answers: boolean[] = [];
    const nested = async (n: number): Promise<void> =>
      turns.run(workspaceId(`ws_${n}`), async (mayGoOn) => {
        answers.push(mayGoOn());
        if (n < 5) await nested(n + 1);
      });
    await nested(0);
    expect(answers).toEqual([true, true, true, true, false, false]);
  });

  it('lets none go on after three seconds, and gives the turn back after a failure', async () => {
    let nowMs = 0;
    const turns = new SearchTurns({ monotonicMs: () => nowMs });
    const failing = turns.run(one, async (mayGoOn) => {
      expect(mayGoOn()).toBe(true);
      nowMs = 2_999;
      expect(mayGoOn()).toBe(true);
      nowMs = 3_000;
      expect(mayGoOn()).toBe(false);
      throw new Error('broken');
    });
    await expect(failing).rejects.toThrow('broken');
    expect(await turns.run(one, async (mayGoOn) => mayGoOn())).toBe(true);
  });
});
