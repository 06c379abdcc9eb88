import { describe, expect, it } from 'vitest';
import { AppError, errorCodes, messageOf } from './index.ts';

describe('AppError', () => {
  it('is retryable by its code, unless stated otherwise', () => {
    const retryable = errorCodes.filter((code) => new AppError({ code, message: 'm' }).retryable);
    expect(retryable).toEqual(['rate-limited', 'unavailable', 'timeout']);
    expect(new AppError({ code: 'unavailable', message: 'm', retryable: false }).retryable).toBe(false);
  });

  it('keeps its cause and details', () => {
    const cause = new Error('below');
    const details = [{ pointer: '/a', detail: 'is missing' }];
    const error = new AppError({ code: 'unprocessable', message: 'm', cause, details });
    expect(error).toMatchObject({ name: 'AppError', message: 'm', cause, details });
    expect('cause' in new AppError({ code: 'internal', message: 'm' })).toBe(false);
  });

  it('returns a text for any thrown value', () => {
    expect([messageOf(new Error('a')), messageOf('b'), messageOf(undefined)]).toEqual([
      'a',
      'b',
      'undefined',
    ]);
  });
});
