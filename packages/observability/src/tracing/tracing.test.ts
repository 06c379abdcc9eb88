import { describe, expect, it } from 'vitest';
import { childTraceparent, formatTraceparent, newTraceparent, parseTraceparent } from '../index.ts';

const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('traceparent', () => {
  it('is parsed and formatted', () => {
    const context = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', flags: 1 };
    expect(parseTraceparent(parent)).toEqual(context);
    expect(formatTraceparent(context)).toBe(parent);
    expect(formatTraceparent({ ...context, flags: 0 })).toMatch(/-00$/);
  });

  it('may have more fields in a later version', () => {
    expect(parseTraceparent(`cc${parent.slice(2)}-what-the-future-holds`)?.flags).toBe(1);
  });

  it.each([
    undefined,
    '',
    'hello',
    parent.toUpperCase(),
    `ff${parent.slice(2)}`,
    `${parent}-more`,
    parent.replace('0af7651916cd43dd8448eb211c80319c', '0'.repeat(32)),
    parent.replace('b7ad6b7169203331', '0'.repeat(16)),
    parent.slice(0, -1),
    ` ${parent}`,
  ])('rejects %j', (text) => {
    expect(parseTraceparent(text)).toBeNull();
  });

  it('is new each time, over more draws than a block of random bytes holds', () => {
    const seen = new Set(Array.from({ length: 2000 }, () => newTraceparent()));
    expect(seen.size).toBe(2000);
    for (const text of seen) expect(parseTraceparent(text)).not.toBeNull();
  });

  it('of a child keeps the trace and has a span id of its own; without a parent it is new', () => {
    const child = parseTraceparent(childTraceparent(parent));
    expect(child).toMatchObject({ traceId: '0af7651916cd43dd8448eb211c80319c', flags: 1 });
    expect(child?.spanId).not.toBe('b7ad6b7169203331');
    expect(parseTraceparent(childTraceparent('junk'))).not.toBeNull();
    expect(parseTraceparent(childTraceparent(undefined))).not.toBeNull();
  });
});
