import { describe, expect, it } from 'vitest';
import { eventually } from './eventually.ts';

describe('eventually', () => {
  it('returns the first result that does not throw', async () => {
    let tries = 0;
    const check = (): number => {
      tries += 1;
      if (tries < 3) throw new Error('not yet');
      return tries;
    };
    expect(await eventually(check, { everyMs: 1 })).toBe(3);
  });

  it('throws the last error at the deadline, and at once when aborted', async () => {
    const check = (): never => {
      throw new Error('still missing: 2');
    };
    await expect(eventually(check, { timeoutMs: 5, everyMs: 1 })).rejects.toThrow('still missing: 2');
    await expect(eventually(check, { abortIf: () => true })).rejects.toThrow('still missing: 2');
  });
});
