import { exactly, shape } from '../wire/schemas.ts';

/**
 * Browser sessions of a key, or tokens, that ended before their time. `ids`: each until `untilMs`, when it would have ended
 * by itself; `beforeMs`: all that began at or before that time. Epoch milliseconds.
 */
export type Ended = Readonly<{
  beforeMs: number;
  ids: readonly Readonly<{ id: string; untilMs: number }>[];
}>;

/** Schema of {@link Ended}. */
export const endedSchema = exactly({
  beforeMs: shape.epochMs,
  ids: { type: 'array', items: exactly({ id: shape.text, untilMs: shape.epochMs }) },
});

/** Returns true if the session or token with this id and beginning has ended before its time. */
export const hasEnded = (
  { beforeMs, ids }: Ended,
  one: Readonly<{ id: string; beganAtMs: number }>,
): boolean => one.beganAtMs <= beforeMs || ids.some(({ id }) => id === one.id);
