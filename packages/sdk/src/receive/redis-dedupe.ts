import { checkFunction } from '../check-arguments.ts';
import { type DedupeStore, type DedupeTimes, readTimes } from './dedupe.ts';

/**
 * Sends one command to Redis and returns its answer: `(command) => client.sendCommand(command)` with `redis`, `([name,
 * ...rest]) => client.call(name, ...rest)` with `ioredis`.
 */
export type RedisCommand = (command: string[]) => Promise<unknown>;

/** Options of {@link redisDedupe}. `prefix`: of the keys (default `tidings:handled:`). */
export type RedisDedupeOptions = DedupeTimes & Readonly<{ prefix?: string }>;

const handled = 'handled';
// Of another claim nothing is removed: this one's lease has ended, and somebody else handles the delivery.
const releaseScript =
  "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0";

/**
 * Creates a {@link DedupeStore} in Redis, for any number of processes. The keys expire by themselves. Throws TypeError
 * for invalid options.
 */
export function redisDedupe(
  send: RedisCommand,
  { prefix = 'tidings:handled:', ...times }: RedisDedupeOptions = {},
): DedupeStore {
  checkFunction('the first argument of redisDedupe', send);
  const { ttlMs, leaseMs } = readTimes(times);
  const keyOf = (id: string): string => `${prefix}${id}`;
  return {
    claim: async (id, claimId) => {
      const set = await send(['SET', keyOf(id), claimId, 'NX', 'PX', String(leaseMs)]);
      if (set !== null) return 'claimed';
      // Bytes with a client that returns no text.
      return String(await send(['GET', keyOf(id)])) === handled ? 'handled' : 'in-progress';
    },
    complete: async (id) => {
      await send(['SET', keyOf(id), handled, 'PX', String(ttlMs)]);
    },
    release: async (id, claimId) => {
      await send(['EVAL', releaseScript, '1', keyOf(id), claimId]);
    },
  };
}
