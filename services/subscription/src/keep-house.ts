import type { SubscriptionId } from '@tidings/contracts';
import type { ServiceContext } from '@tidings/observability';
import type { configSpec } from './config.ts';
import type { metricsCatalogue } from './metrics.ts';
import { compareTopic } from './registry/compare-topic.ts';
import type { LandedVersions } from './registry/domain/landed-versions.ts';
import type { Outbox } from './registry/publish-version.ts';
import { purgeDeleted } from './registry/purge-deleted.ts';
import { republishOvertaken } from './registry/republish-overtaken.ts';
import { sweepUnpublished } from './registry/sweep-unpublished.ts';
import type { WriteParts } from './registry/write-version.ts';
import { RepeatWork } from './repeat-work.ts';
import type { AttemptCounter } from './subscriptions/count-attempts.ts';
import { endSecrets } from './subscriptions/end-secrets.ts';
import type { HealthStore, IdempotencyStore, SubscriptionTopic } from './subscriptions/ports.ts';

/** What the recurring work works with. */
export type HouseParts = Readonly<{
  write: WriteParts;
  keys: IdempotencyStore;
  health: HealthStore;
  counter: AttemptCounter;
  topic: SubscriptionTopic;
  outbox: Outbox;
  landed: LandedVersions;
}>;

/** How the reader of the topic tells what it has seen. */
export type Housekeeping = Readonly<{
  /** The registry can be used, for the first time or again. */
  onRegistryUp(): void;
  onOvertaken(id: SubscriptionId): void;
  /** The topic has been read to its end: from now on its state means something. */
  onTopicRead(): void;
}>;

const endSecretsEveryMs = 10_000;
const tidyEveryMs = 10 * 60_000;
// The longest that a turn may well take.
const turnMs = 120_000;
const expiredKeysAtOnce = 1_000;

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

/**
 * Starts what keeps registry and topic together: the sweep of unpublished versions, the repair of overtaken records, the
 * comparison at boot and then hourly, the counting of attempts, and the removal of what has had its time.
 */
export function startHousekeeping(context: Context, parts: HouseParts): Housekeeping {
  const { config, logger, metrics, resources, clock } = context;
  const { write, keys, health, counter, topic, outbox, landed } = parts;
  const all = { ...write, health, topic, outbox, landed };
  const seconds = metrics.handles.housekeeping;
  const overtaken = new Set<SubscriptionId>();
  let isTopicRead = false;

  const repeat = (name: string, everyMs: number, turn: () => Promise<unknown>): RepeatWork => {
    const part = context.health.register(name, { maxSilenceMs: everyMs * 2 + turnMs });
    const work = new RepeatWork({ name, everyMs, turn }, { clock, logger, health: part, seconds });
    resources.add(name, async () => work.close());
    return work;
  };
  const sweep = repeat('sweep', config.sweepEveryMs, async () => {
    await sweepUnpublished(all);
    if (isTopicRead) await republishOvertaken(all, overtaken);
  });
  const compare = repeat('compare', config.compareEveryMs, async () => compareTopic(all));
  const ended = repeat('end-secrets', endSecretsEveryMs, async () => endSecrets(write));
  const count = repeat('count-attempts', config.countEveryMs, async () => counter.flush());
  const tidy = repeat('tidy', tidyEveryMs, async () => {
    await purgeDeleted(all);
    await keys.sweepExpired(clock.nowMs(), expiredKeysAtOnce);
  });
  return {
    onRegistryUp: () => {
      const works = [sweep, ended, tidy, count];
      for (const work of isTopicRead ? [...works, compare] : works) work.wake();
    },
    onOvertaken: (id) => {
      // While the topic is still being read, what looks overtaken may be put right by a record further on.
      if (!isTopicRead) return;
      overtaken.add(id);
      sweep.wake();
    },
    onTopicRead: () => {
      isTopicRead = true;
      compare.wake();
    },
  };
}
