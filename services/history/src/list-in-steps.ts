/**
 * One step of a list. `reached`: all that matches up to that position has been found; null: the list has ended. A step
 * reads a bounded number of stored objects, so it can find less than it was asked for although there is more.
 */
export type ListStep<T, P> = Readonly<{ found: readonly T[]; reached: P | null }>;

/** The number of stored objects that a step reads at most to find those that match filters without an index. */
export const readAtOnce = 1_000;

/** The start of a page and its length. */
type Page<P> = Readonly<{ limit: number; after: P | null }>;

/**
 * A page of a list. `next`: the start of the following page; null on the last. `isCut`: the page ended before it was full
 * or the list was read to its end, and `next` is how far it was read.
 */
export type SteppedPage<T, P> = Readonly<{ found: readonly T[]; next: P | null; isCut: boolean }>;

/** The list to read. `mayGoOn` is asked before every step but the first. */
export type SteppedList<T, P> = Readonly<{
  step: (page: Page<P>) => Promise<ListStep<T, P>>;
  positionOf: (one: T) => P;
  mayGoOn: () => boolean;
}>;

/** Reads a page of a list, step by step until it is full, the list ends, or it may not go on. */
export const listInSteps = async <T, P>(
  { step, positionOf, mayGoOn }: SteppedList<T, P>,
  { limit, after }: Page<P>,
): Promise<SteppedPage<T, P>> => {
  const found: T[] = [];
  for (let position = after; ; ) {
    // One more than requested shows whether there is another page.
    const more = await step({ limit: limit + 1 - found.length, after: position });
    found.push(...more.found);
    const last = found[limit - 1];
    if (found.length > limit && last !== undefined) {
      return { found: found.slice(0, limit), next: positionOf(last), isCut: false };
    }
    if (more.reached === null) return { found, next: null, isCut: false };
    position = more.reached;
    if (!mayGoOn()) return { found, next: position, isCut: true };
  }
};

/**
 * Counts what a list holds, step by step until its end, or until it may not go on. `reached`: up to where it was counted;
 * null: to the end.
 */
export const countInSteps = async <T, P>({
  step,
  mayGoOn,
}: Omit<SteppedList<T, P>, 'positionOf'>): Promise<Readonly<{ count: number; reached: P | null }>> => {
  let count = 0;
  for (let after: P | null = null; ; ) {
    const { found, reached }: ListStep<T, P> = await step({ limit: readAtOnce, after });
    count += found.length;
    if (reached === null || !mayGoOn()) return { count, reached };
    after = reached;
  }
};
