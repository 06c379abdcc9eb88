import { describe, expect, it } from 'vitest';
import { spanOf } from './replay-span.ts';

describe('spanOf', () => {
  it('says from when to when, without the end of one that is open', () => {
    const from = '2026-11-22T10:00:00.000Z';
    expect(spanOf({ id: 'job_1', request: { from } })).toMatch(/^from .*2026/);
    expect(spanOf({ id: 'job_1', request: { from, to: from } })).toMatch(/2026.* – .*2026/);
  });

  it('is the id if there is no time to read', () => {
    expect(spanOf({ id: 'job_1', request: { from: 'yesterday' } })).toBe('job_1');
  });
});
