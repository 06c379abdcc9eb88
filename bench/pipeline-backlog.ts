import { ladder, type TopicDefinition, topics } from '@tidings/contracts';
import { type Bus, connectKafka } from '@tidings/kafka';
import { silentLogger } from '@tidings/observability';

/** Counts of commands and events that have not arrived, by topic or stage. Zero counts are left out. */
export type PipelineBacklog = Readonly<Record<string, number>>;

/** Counts the records in a stack's topics, so that a late delivery is not reported as lost. */
export type Finder = Readonly<{
  /** Counts records between an accepted event and its arrival, including those in dead-letters. */
  find(): Promise<PipelineBacklog>;
  /** Counts how often the delivery service has deferred or retried a command since it started, by reason. */
  detours(): Promise<PipelineBacklog>;
  close(): Promise<void>;
}>;

type Place = Readonly<{ group: string; topic: TopicDefinition }>;

const places: readonly Place[] = [
  { group: 'tidings-fanout', topic: topics.events },
  { group: 'tidings-delivery', topic: topics.deliveries },
  ...ladder.map(({ topic }) => ({ group: 'tidings-delivery-retry', topic })),
];

const present = (counts: readonly (readonly [string, number])[]): PipelineBacklog =>
  Object.fromEntries(counts.filter(([, count]) => count > 0));

const waitingAt = async (bus: Bus, { group, topic }: Place): Promise<readonly [string, number]> => {
  const lag = await bus.lag(group, [topic]);
  return [topic.name, lag.reduce((sum, { lagRecords }) => sum + Number(lagRecords), 0)];
};

const deadLetters = async (bus: Bus): Promise<readonly [string, number]> => {
  const ends = await bus.lag('tidings-bench', [topics.deadLetters]);
  return [topics.deadLetters.name, ends.reduce((sum, { highOffset }) => sum + Number(highOffset), 0)];
};

const detourLine =
  /^tidings_delivery_(?:(spills)_total\{reason="([^"]+)"|(retries)_scheduled_total\{)[^}]*\} (\d+)/gm;

/** Parses {@link Finder.detours} from the metrics of the delivery service. */
export const detoursIn = (metrics: string): PipelineBacklog =>
  present(
    [...metrics.matchAll(detourLine)].map(
      (found) => [found[2] ?? 'failed, retried', Number(found[4])] as const,
    ),
  );

/** Opens a finder. `deliveryUrl` serves the metrics of the delivery service. */
export const openFinder = async (brokers: readonly string[], deliveryUrl: string): Promise<Finder> => {
  const bus = await connectKafka({ brokers, clientId: 'tidings-bench', logger: silentLogger });
  return {
    find: async () =>
      present(await Promise.all([...places.map((place) => waitingAt(bus, place)), deadLetters(bus)])),
    detours: async () => detoursIn(await (await fetch(`${deliveryUrl}/metrics`)).text()),
    close: () => bus.close(),
  };
};

/** Returns the increase from `before` to `after`. */
export const since = (before: PipelineBacklog, after: PipelineBacklog): PipelineBacklog =>
  present(Object.entries(after).map(([place, count]) => [place, count - (before[place] ?? 0)] as const));

export const named = (backlog: PipelineBacklog): string =>
  Object.entries(backlog)
    .map(([place, count]) => `${count} ${place}`)
    .join(', ');
