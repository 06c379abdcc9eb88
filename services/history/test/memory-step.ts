import { type ListStep, readAtOnce } from '../src/list-in-steps.ts';

type Stepped<T, P> = Readonly<{
  isScanned: boolean;
  matches: (one: T) => boolean;
  positionOf: (one: T) => P;
}>;

/** Takes a step through what the indexed filters leave, as the stores in MongoDB do. */
export const memoryStep = <T, P>(
  left: readonly T[],
  limit: number,
  { isScanned, matches, positionOf }: Stepped<T, P>,
): ListStep<T, P> => {
  const read = left.slice(0, isScanned ? readAtOnce : limit);
  const found = read.filter(matches).slice(0, limit);
  const last = (found.length < limit ? read : found).at(-1);
  const isEnd = found.length < limit && read.length === left.length;
  return { found, reached: last === undefined || isEnd ? null : positionOf(last) };
};
