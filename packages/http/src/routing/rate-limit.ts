import type { ServerResponse } from 'node:http';
import { AppError, integer, type Setting } from '@tidings/runtime';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Principal } from './principal.ts';

/**
 * Declares `<PREFIX>_REQUESTS_PER_SECOND`: maximum requests per second of each key at this service; 0 means no
 * limit.
 */
export const rateLimitSetting = (prefix: string, byDefault: number): Setting<number> =>
  integer({
    env: `${prefix}_REQUESTS_PER_SECOND`,
    default: byDefault,
    min: 0,
    max: 1_000_000,
    help: 'requests a second that each key may make at each process, unless the key has a limit of its own; 0 is no limit',
  });

const windowSeconds = 1;

/** Counts a request of a key, and sets the headers of the limit. Rejects with `rate-limited` (429) beyond it. */
export type LimitRate = (principal: Principal, response: ServerResponse) => Promise<void>;

/**
 * Creates the limit of requests per second of each key: its own `requestsPerSecond`, else the given one; 0 means no
 * limit. Every response reports it: RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-10) and the
 * older X-RateLimit headers.
 */
export function createRateLimit(requestsPerSecond: number): LimitRate {
  // Keys with the same limit share a limiter.
  const limiters = new Map<number, RateLimiterMemory>();
  const limiterOf = (points: number): RateLimiterMemory => {
    const found = limiters.get(points) ?? new RateLimiterMemory({ points, duration: windowSeconds });
    limiters.set(points, found);
    return found;
  };
  return async ({ keyId, requestsPerSecond: limit = requestsPerSecond }, response) => {
    if (limit === 0) return;
    try {
      setHeaders(response, limit, await limiterOf(limit).consume(keyId));
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      const retryAfterMs = setHeaders(response, limit, refusal) * 1_000;
      const message = `The key may make ${limit} requests a second: wait as long as Retry-After says.`;
      throw new AppError({ code: 'rate-limited', message, retryAfterMs });
    }
  };
}

/** Sets the headers of the limit. Returns the seconds until the count starts again. */
function setHeaders(
  response: ServerResponse,
  limit: number,
  { remainingPoints, msBeforeNext }: RateLimiterRes,
): number {
  const resetSeconds = Math.max(1, Math.ceil(msBeforeNext / 1_000));
  response
    .setHeader('ratelimit-policy', `"key";q=${limit};w=${windowSeconds}`)
    .setHeader('ratelimit', `"key";r=${remainingPoints};t=${resetSeconds}`)
    .setHeader('x-ratelimit-limit', String(limit))
    .setHeader('x-ratelimit-remaining', String(remainingPoints))
    .setHeader('x-ratelimit-reset', String(resetSeconds));
  return resetSeconds;
}
