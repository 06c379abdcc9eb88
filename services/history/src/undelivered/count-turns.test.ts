import { consumerId, workspaceId } from '@tidings/contracts';
import { expect, it } from 'vitest';
import { CountTurns } from './count-turns.ts';

const scopeOf = (workspace: string) => ({ workspaceId: workspaceId(workspace), ownerId: null });

const open = () => {
  let nowMs = 0;
  const turns = new CountTurns<number>({ monotonicMs: () => nowMs });
  const ends: (() => void)[] = [];
  let started = 0;
  const count = async () => {
    started += 1;
    const value = started;
    await new Promise<void>((resolve) => ends.push(resolve));
    return value;
  };
  const ask = async (workspace: string, filter = 'all') => {
    const scope = scopeOf(workspace);
    return turns.run(scope, { ...scope, filter }, count);
  };
  const turn = async () => new Promise((resolve) => setImmediate(resolve));
  const end = async () => {
    await turn();
    ends.shift()?.();
    await turn();
  };
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return { turns, ask, turn, end, pass, started: () => started };
};

it('counts once for all who ask at the same time, and remembers it for five times as long as it took', async () => {
  const { ask, turn, end, pass, started } = open();
  const asked = [ask('ws_1'), ask('ws_1'), ask('ws_1')];
  await turn();
  pass(1_000);
  await end();
  expect(await Promise.all(asked)).toEqual([1, 1, 1]);
  pass(4_999);
  expect(await ask('ws_1')).toBe(1);
  pass(1);
  const again = ask('ws_1');
  await end();
  expect(await again).toBe(2);
  expect(started()).toBe(2);
});

it('keeps the counts of scopes apart', async () => {
  const { turns } = open();
  const scope = scopeOf('ws_1');
  const own = { ...scope, ownerId: consumerId('acme') };
  expect(await turns.run(scope, scope, async () => 5)).toBe(5);
  expect(await turns.run(own, own, async () => 1)).toBe(1);
});

it('runs one of a scope and four in all, and lets the others wait', async () => {
  const { ask, turn, end, started } = open();
  const asked = [ask('ws_1'), ask('ws_1', 'a'), ask('ws_2'), ask('ws_3'), ask('ws_4'), ask('ws_5')];
  await turn();
  expect(started()).toBe(4);
  await end();
  expect(started()).toBe(5);
  for (let left = 5; left > 0; left -= 1) await end();
  expect((await Promise.all(asked)).toSorted()).toEqual([1, 2, 3, 4, 5, 6]);
});

it('refuses more of a scope, and no other', async () => {
  const { ask, end } = open();
  const asked = [ask('ws_1'), ask('ws_1', 'a'), ask('ws_1', 'b')];
  await expect(ask('ws_1', 'c')).rejects.toMatchObject({ code: 'rate-limited', retryAfterMs: 2_000 });
  const other = ask('ws_2');
  for (let left = 4; left > 0; left -= 1) await end();
  expect(await Promise.all([...asked, other])).toHaveLength(4);
});

it('counts again after a failure', async () => {
  const { turns } = open();
  const scope = scopeOf('ws_1');
  await expect(turns.run(scope, scope, async () => Promise.reject(new Error('away')))).rejects.toThrow(
    'away',
  );
  expect(await turns.run(scope, scope, async () => 7)).toBe(7);
});
