import { workspaceId } from '@tidings/contracts';
import { fakeClock } from '@tidings/runtime/testing';
import { describe, expect, it } from 'vitest';
import { Headroom } from './headroom.ts';

const own = workspaceId('ws_own');
const other = workspaceId('ws_other');

/** A workspace whose creations are as many as `hasRoom` allows. */
const aWorkspace = () => {
  const clock = fakeClock();
  const headroom = new Headroom(clock);
  const counts = { used: 0, of: 0 };
  const count = async (): Promise<number> => {
    counts.of += 1;
    return counts.used;
  };
  const create = async (most: number, workspace = own): Promise<boolean> => {
    const hasRoom = await headroom.hasRoom(workspace, most, count);
    if (hasRoom) counts.used += 1;
    return hasRoom;
  };
  return { clock, headroom, counts, create };
};

describe('the room of a workspace', () => {
  it('fills it exactly to its limit, with far fewer counts than creations', async () => {
    const { counts, create } = aWorkspace();
    while (await create(1_000));
    expect(counts.used).toBe(1_000);
    expect(counts.of).toBeLessThan(70);
  });

  it('counts for each creation near the limit, so that a deletion makes room at once', async () => {
    const { counts, create } = aWorkspace();
    counts.used = 5;
    expect([await create(5), counts.of]).toEqual([false, 1]);
    counts.used = 4;
    expect([await create(5), await create(5), counts.of]).toEqual([true, false, 3]);
  });

  it('counts again after ten seconds, and where the limit has changed', async () => {
    const { clock, counts, create } = aWorkspace();
    await create(1_000);
    counts.used = 990;
    expect([await create(500), counts.of]).toEqual([false, 2]);
    await create(1_000);
    await clock.advance(10_000);
    counts.used = 1_000;
    expect([await create(1_000), counts.of]).toEqual([false, 4]);
  });

  it('keeps workspaces apart', async () => {
    const { counts, create } = aWorkspace();
    await create(1_000);
    await create(1_000, other);
    expect(counts.of).toBe(2);
  });

  it('does not give what was taken a second time after counts at the same moment', async () => {
    const { headroom, counts } = aWorkspace();
    let end = (_used: number): void => {};
    const first = headroom.hasRoom(own, 100, async () => new Promise((resolve) => (end = resolve)));
    await headroom.hasRoom(own, 100, async () => 0);
    for (let taken = 0; taken < 10; taken += 1) await headroom.hasRoom(own, 100, async () => -1);
    end(0);
    await first;
    await headroom.hasRoom(own, 100, async () => {
      counts.of += 1;
      return 11;
    });
    expect(counts.of).toBe(1);
  });

  it('passes a failed count on, and counts the next time', async () => {
    const { headroom, counts, create } = aWorkspace();
    const failed = headroom.hasRoom(own, 5, async () => Promise.reject(new Error('no database')));
    await expect(failed).rejects.toThrow('no database');
    expect([await create(5), counts.of]).toEqual([true, 1]);
  });
});
