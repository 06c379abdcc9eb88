import { AppError, integer, type Setting } from '@tidings/runtime';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { Principal } from './principal.ts';
import type { Middleware } from './raw-body.ts';
import { principalOf } from './request-state.ts';

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
    help: 'requests a second that each key may make at each process, unless the key says otherwise; 0 is no limit',
  });

const windowSeconds = 1;

/**
 * Limits each key to a number of requests per second (its own `requestsPerSecond`, else the given one; 0 means no
 * limit) and responds 429 beyond it. Every response reports the limit: RateLimit-Policy and RateLimit
 * (draft-ietf-httpapi-ratelimit-headers-10) and the older X-RateLimit headers. Mount it after `requireKey`.
 */
export function limitRate(requestsPerSecond: number): Middleware {
  // Keys with the same limit share a limiter.
  const limiters = new Map<number, RateLimiterMemory>();
  const limiterOf = (points: number): RateLimiterMemory => {
    const found = limiters.get(points) ?? new RateLimiterMemory({ points, duration: windowSeconds });
    limiters.set(points, found);
    return found;
  };
  return (request, response, next) => {
    const { keyId, requestsPerSecond: limit = requestsPerSecond }: Principal = principalOf(request);
    if (limit === 0) {
      next();
      return;
    }
    const setRateLimitHeaders = ({ remainingPoints, msBeforeNext }: RateLimiterRes): number => {
      const resetSeconds = Math.max(1, Math.ceil(msBeforeNext / 1_000));
      response
        .setHeader('ratelimit-policy', `"key";q=${limit};w=${windowSeconds}`)
        .setHeader('ratelimit', `"key";r=${remainingPoints};t=${resetSeconds}`)
        .setHeader('x-ratelimit-limit', String(limit))
        .setHeader('x-ratelimit-remaining', String(remainingPoints))
        .setHeader('x-ratelimit-reset', String(resetSeconds));
      return resetSeconds;
    };
    const refuse = (refusal: unknown): void => {
      if (!(refusal instanceof RateLimiterRes)) {
        next(refusal);
        return;
      }
      const message = `The key may make ${limit} requests a second: wait as long as Retry-After says.`;
      next(
        new AppError({ code: 'rate-limited', message, retryAfterMs: setRateLimitHeaders(refusal) * 1_000 }),
      );
    };
    limiterOf(limit)
      .consume(keyId)
      .then((state) => {
        setRateLimitHeaders(state);
        next();
      }, refuse);
  };
}
