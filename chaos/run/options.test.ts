import { describe, expect, it } from 'vitest';
import { readOptions } from './options.ts';

describe('the arguments of a chaos run', () => {
  it('have defaults, and a drawn seed', () => {
    expect(readOptions([], 42)).toEqual({
      ...{ minutes: 5, seed: 42, rate: 30, brokers: 3, instances: 2, portBase: 18_700 },
      ...{ fullDisks: false, keep: false },
    });
    expect(readOptions(['--help'], 42)).toBeNull();
  });

  it.each([
    [['--minutes', '0'], "--minutes must be an integer from 1 to 1440, got '0'"],
    [['--seed', 'x'], "--seed must be an integer from 0 to 4294967295, got 'x'"],
    [['--brokers', '2'], "--brokers must be 1 or 3, got '2'"],
    [['--unknown'], "Unknown option '--unknown'"],
  ])('%s are refused with the value and the limit', (args, message) => {
    expect(() => readOptions(args, 1)).toThrow(message);
  });
});
