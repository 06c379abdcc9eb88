/** Works on all of `items`, at most so many at a time. `work` must not reject: what failed is its own to tell. */
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
