import type { Fact } from './fact.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** The lengths of buckets. */
export const granularities = ['minute', 'hour', 'day'] as const;

/** See {@link granularities}. */
export type Granularity = (typeof granularities)[number];

type Rule = Readonly<{ lengthMs: number; keptMs: number; spanMs: number }>;

/** For each granularity: the length of a bucket, how long it is kept, and the span that a query without times reads. */
export const bucketRules: Readonly<Record<Granularity, Rule>> = {
  minute: { lengthMs: minuteMs, keptMs: 2 * dayMs, spanMs: hourMs },
  hour: { lengthMs: hourMs, keptMs: 30 * dayMs, spanMs: dayMs },
  day: { lengthMs: dayMs, keptMs: 400 * dayMs, spanMs: 30 * dayMs },
};

/** Returns the start of the bucket that contains a time. Days are those of UTC. */
export const bucketStart = (granularity: Granularity, atMs: number): number =>
  atMs - (atMs % bucketRules[granularity].lengthMs);

/**
 * One stored document: a bucket of a workspace, as far as one partition of one topic contributes to it. Its only writer
 * is the owner of that partition, so it needs to remember a single offset.
 */
export type BucketRef = Readonly<{ key: string; startMs: number; expiresMs: number }>;

/** Returns the beginning of the keys of all documents of a workspace and granularity. */
export const keysOf = (workspaceId: string, granularity: Granularity): string =>
  `${workspaceId}/${granularity}/`;

/** Returns the beginning of the keys of all documents of a workspace that start at `startMs`, in order of time. */
export const keyFrom = (workspaceId: string, granularity: Granularity, startMs: number): string =>
  `${keysOf(workspaceId, granularity)}${new Date(startMs).toISOString().slice(0, 16)}`;

/** Facts of one document. */
export type BucketFacts = Readonly<{ bucket: BucketRef; facts: Fact[] }>;

const bucketOf = (granularity: Granularity, startMs: number, fact: Fact): BucketRef => {
  const { workspaceId, topic, partition } = fact;
  const key = `${keyFrom(workspaceId, granularity, startMs)}/${topic}-${partition}`;
  return { key, startMs, expiresMs: startMs + bucketRules[granularity].keptMs };
};

const isSameSource = (a: Fact, b: Fact): boolean =>
  a.partition === b.partition && a.workspaceId === b.workspaceId && a.topic === b.topic;

type ByStart = Readonly<Record<Granularity, Map<number, BucketFacts>>>;

/** Returns the facts of each document, in their order. Those whose retention has passed are left out. */
export const byBucket = (facts: readonly Fact[], nowMs: number): readonly BucketFacts[] => {
  const all: BucketFacts[] = [];
  const sources = new Map<string, ByStart>();
  const sourceOf = ({ workspaceId, topic, partition }: Fact): ByStart => {
    const source = `${workspaceId}/${topic}-${partition}`;
    const buckets = sources.get(source) ?? { minute: new Map(), hour: new Map(), day: new Map() };
    sources.set(source, buckets);
    return buckets;
  };
  let last: Fact | undefined;
  let buckets: ByStart | undefined;
  for (const fact of facts) {
    // Facts of one partition arrive together.
    if (last === undefined || buckets === undefined || !isSameSource(last, fact)) buckets = sourceOf(fact);
    last = fact;
    for (const granularity of granularities) {
      const startMs = bucketStart(granularity, fact.atMs);
      const open = buckets[granularity].get(startMs);
      if (open !== undefined) open.facts.push(fact);
      else if (startMs >= nowMs - bucketRules[granularity].keptMs) {
        const fresh = { bucket: bucketOf(granularity, startMs, fact), facts: [fact] };
        buckets[granularity].set(startMs, fresh);
        all.push(fresh);
      }
    }
  }
  return all;
};
