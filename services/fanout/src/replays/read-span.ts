import type { Chunk, ReplayLog, Span } from './ports.ts';

type Options = Readonly<{
  accepts: (headers: Readonly<Record<string, string>>) => boolean;
  signal: AbortSignal;
}>;

/** Reads a span chunk by chunk, one of each partition in turn, so that all partitions advance together. */
export async function* readSpan(
  log: ReplayLog,
  span: Span,
  { accepts, signal }: Options,
): AsyncGenerator<Chunk> {
  let ranges = [...span].map(([partition, range]) => ({ partition, ...range }));
  while (ranges.length > 0) {
    const rest: typeof ranges = [];
    for (const range of ranges) {
      if (range.next >= range.end) continue;
      if (signal.aborted) return;
      const chunk = await log.read(range, accepts);
      yield chunk;
      rest.push({ ...range, next: chunk.next });
    }
    ranges = rest;
  }
}
