import { describe, expect, it } from 'vitest';
import { scheduleFaults, scheduleSeconds } from './retry-schedule.ts';

const weekSeconds = 7 * 24 * 3_600;

describe('a retry schedule', () => {
  it('can be a predefined name', () => {
    expect(scheduleSeconds('default')).toEqual([5, 60, 300, 1_800, 7_200, 18_000, 36_000]);
    expect(scheduleSeconds('short')).toEqual([60, 300, 1_800]);
    expect(scheduleFaults('default')).toEqual([]);
  });

  it('ignores a leading 0, which stands for the first attempt', () => {
    expect(scheduleSeconds([0, 5, 60])).toEqual([5, 60]);
    expect(scheduleSeconds([0])).toEqual([]);
    expect(scheduleFaults([0, ...Array<number>(20).fill(1)])).toEqual([]);
  });

  it('has at most 20 steps', () => {
    expect(scheduleFaults(Array<number>(20).fill(1))).toEqual([]);
    expect(scheduleFaults(Array<number>(21).fill(1))).toMatchObject([{ pointer: '/retry_schedule' }]);
  });

  it('lasts at most 7 days', () => {
    expect(scheduleFaults([weekSeconds])).toEqual([]);
    expect(scheduleFaults([weekSeconds, 1])).toMatchObject([
      { pointer: '/retry_schedule', detail: expect.stringContaining('got 604801') as string },
    ]);
  });

  it('waits at least a second before every retry', () => {
    expect(scheduleFaults([0, 5, 0])).toMatchObject([{ pointer: '/retry_schedule/2' }]);
    expect(scheduleFaults([0, 0])).toMatchObject([{ pointer: '/retry_schedule/1' }]);
  });
});
