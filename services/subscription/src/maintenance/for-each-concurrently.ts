/** Calls `work` for all of `items`, at most `atMost` at a time. `work` must not reject; it reports its own failures. */
export async function forEachConcurrently<T>(
  atMost: number,
  items: Iterable<T>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (let next = left.next(); next.done !== true; next = left.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: atMost }, worker));
}
