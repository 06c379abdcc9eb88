import {
  type AttemptRecorded,
  decodeAttempt,
  decodeAudit,
  decodeEvent,
  decodeRun,
  decodeWebhookReceived,
  deliveryId,
  eventId,
  jobStates,
  replayChainOf,
  runId,
} from '../../../packages/contracts/src/index.ts';
import { MongoAuditStore } from '../../../services/history/src/audit/adapters/mongo-audit-store.ts';
import { MongoDeliveryStore } from '../../../services/history/src/deliveries/adapters/mongo-delivery-store.ts';
import { deliveryOf } from '../../../services/history/src/deliveries/domain/delivery.ts';
import { erasedDelivery } from '../../../services/history/src/deliveries/domain/erase-delivery.ts';
import { mergeDeliveries } from '../../../services/history/src/deliveries/domain/merge-deliveries.ts';
import { MongoEventStore } from '../../../services/history/src/events/adapters/mongo-event-store.ts';
import { erasedEvent, storedEventOf } from '../../../services/history/src/events/domain/event.ts';
import { MongoJobStore } from '../../../services/history/src/jobs/adapters/mongo-job-store.ts';
import { type Job, jobKinds, newJob } from '../../../services/history/src/jobs/domain/job.ts';
import { MongoReceivedStore } from '../../../services/history/src/received/adapters/mongo-received-store.ts';
import { MongoRetryStore } from '../../../services/history/src/retries/adapters/mongo-retry-store.ts';
import { MongoRunStore } from '../../../services/history/src/runs/adapters/mongo-run-store.ts';
import { erasedRun, storedRunOf } from '../../../services/history/src/runs/domain/run.ts';
import { MongoStatisticsStore } from '../../../services/history/src/statistics/adapters/mongo-statistics-store.ts';
import { byBucket } from '../../../services/history/src/statistics/domain/bucket.ts';
import { countFacts } from '../../../services/history/src/statistics/domain/count-facts.ts';
import { factOfAttempt, factOfEvent } from '../../../services/history/src/statistics/domain/fact.ts';
import type { BucketCell } from '../../../services/history/src/statistics/ports.ts';
import { attemptExamples } from '../messages/delivery-examples.ts';
import { eventExamples, receivedExamples } from '../messages/event-examples.ts';
import { atMs, ids } from '../messages/example.ts';
import { auditExamples } from '../messages/registry-examples.ts';
import { runExamples } from '../messages/run-examples.ts';
import { type CollectionFormat, unmeasured } from './collection-format.ts';
import { deadLetterFormats } from './dead-letter-formats.ts';

const { workspaceId, consumerId, subscriptionId } = ids;
const scope = { workspaceId, ownerId: null };
const hex = (at: number): string => at.toString(16).padStart(32, '0');

const attempts = attemptExamples.map(({ record }) => decodeAttempt(record));
const [delivered, ...others] = attempts as [AttemptRecorded, ...AttemptRecorded[]];
const withId = <T extends object>(one: T, at: number) => ({
  ...one,
  ...{ deliveryId: deliveryId(`dlv_${hex(at)}`), eventId: eventId(`evt_${hex(at)}`) },
});
const all = others
  .map((one, at) => deliveryOf(withId({ ...one, attempt: at + 2, atMs: atMs + at * 1_000 }, 2)))
  .reduce(mergeDeliveries);
const chain = replayChainOf({ jobId: ids.jobId, createdAtMs: atMs });
const replayed = withId({ ...delivered, chain, trigger: 'replay' as const }, 4);

const deliveries: CollectionFormat = {
  collection: 'deliveries',
  write: async ({ connection }) => {
    const store = new MongoDeliveryStore(connection, unmeasured);
    const byKinds = new Map(attempts.map((one) => [`${one.outcome.kind} ${one.next.kind}`, one]));
    const single = [...byKinds.values()].map((one, at) => deliveryOf(withId(one, at + 10)));
    await store.insert([
      deliveryOf(withId(delivered, 1)),
      all,
      erasedDelivery({ ...all, id: deliveryId(`dlv_${hex(3)}`) }),
      ...single,
    ]);
    await store.replace([{ delivery: all, rev: 1 }]);
  },
  read: async ({ connection }, id) => {
    const [event = '', delivery = ''] = id.split('/');
    const store = new MongoDeliveryStore(connection, unmeasured);
    const read = await store.read([{ eventId: eventId(event), id: deliveryId(delivery) }]);
    return { whole: [...read.values()], listed: await store.list(scope, { limit: 1, after: null }) };
  },
};

const replayEnds: CollectionFormat = {
  collection: 'replay_ends',
  write: async ({ connection }) =>
    new MongoDeliveryStore(connection, unmeasured).putReplayEnds([deliveryOf(replayed)]),
  read: async ({ connection }) => {
    const store = new MongoDeliveryStore(connection, unmeasured);
    return store.countReplayed(workspaceId, { chain, outcome: 'delivered' });
  },
};

const accepted = eventExamples.map(({ record }) => decodeEvent({ ...record, timestampMs: atMs }));
const position = { partition: 3, offset: 12 };
const stored = accepted.map((event, at) =>
  storedEventOf({ ...event, id: eventId(`evt_${hex(at + 1)}`) }, { position, acceptedAtMs: atMs }),
);
const events: CollectionFormat = {
  collection: 'events',
  write: async ({ connection }) =>
    new MongoEventStore(connection, unmeasured).insert([
      ...stored,
      ...stored.slice(0, 2).map((one, at) => erasedEvent({ ...one, id: eventId(`evt_${hex(at + 500)}`) })),
    ]),
  read: async ({ connection }, id) => new MongoEventStore(connection, unmeasured).find(eventId(id), scope),
};

const audit: CollectionFormat = {
  collection: 'audit',
  write: async ({ connection }) =>
    new MongoAuditStore(connection, unmeasured).insert(
      auditExamples.map(({ record }, at) => ({
        ...{ entry: { ...decodeAudit(record), id: `aud_${at + 1}` }, offset: at },
      })),
    ),
  read: async ({ connection }) => {
    const store = new MongoAuditStore(connection, unmeasured);
    return { entries: await store.list(scope, { limit: 1, afterId: null }), next: await store.nextOffset() };
  },
};

const received: CollectionFormat = {
  collection: 'received',
  write: async ({ connection }) => {
    const facts = receivedExamples.map(({ record }) => decodeWebhookReceived(record));
    const webhooks = facts.map(({ type: _, ...fact }, at) => ({ ...fact, id: `rcv_${hex(at)}` }));
    const repeats = webhooks
      .slice(0, 1)
      .map((one) => ({ ...one, id: `rcv_${hex(99)}`, outcome: 'repeated' as const }));
    await new MongoReceivedStore(connection, unmeasured).insert([...webhooks, ...repeats]);
  },
  read: async ({ connection }) =>
    new MongoReceivedStore(connection, unmeasured).list(
      { workspaceId, sourceId: ids.sourceId },
      { limit: 1, afterId: null },
    ),
};

const runs: CollectionFormat = {
  collection: 'runs',
  write: async ({ connection }) => {
    const states = runExamples.map(({ record }) => storedRunOf(decodeRun(record)));
    const numbered = [...states, ...states.slice(1, 2).map(erasedRun)].map((run, at) => ({
      ...{ ...run, runId: runId(`run_${hex(at)}`) },
    }));
    await new MongoRunStore(connection, unmeasured).put(numbered);
  },
  read: async ({ connection }, id) => {
    const store = new MongoRunStore(connection, unmeasured);
    const listed = await store.list({ workspaceId }, { limit: 1, after: null });
    return { whole: await store.find(runId(id), workspaceId), listed };
  },
};

const jobs: CollectionFormat = {
  collection: 'jobs',
  write: async ({ connection }) => {
    const store = new MongoJobStore(connection, unmeasured);
    const fresh = newJob(
      {
        ...{ id: ids.jobId, kind: 'redrive', workspaceId, ownerId: null, requestedBy: ids.keyId },
        ...{ spec: { 'a.b': { $c: 1 } }, checkpoint: [], ratePerSecond: null },
      },
      atMs,
    );
    const under: Job = {
      ...{ ...fresh, ownerId: consumerId, total: 9, done: 3, counts: { redriven: 3 }, ratePerSecond: 2.5 },
      ...{ pace: { atMs, perSecond: 1.5 }, startedAtMs: atMs, endedAtMs: atMs, failures: 1, error: 'away' },
      ...{ claim: 'c', claimedUntilMs: atMs, progressOffset: 7, isDue: false },
    };
    const variants = [
      ...[fresh, under],
      ...jobKinds.map((kind) => ({ ...fresh, kind })),
      ...jobStates.map((state) => ({ ...under, state, pace: { atMs, perSecond: null } })),
    ];
    for (const [at, job] of variants.entries()) await store.insert({ ...job, id: `job_${hex(at)}` });
  },
  read: async ({ connection }, id) => new MongoJobStore(connection, unmeasured).findAnywhere(id),
};

const retries: CollectionFormat = {
  collection: 'delivery_retries',
  write: async ({ connection }) =>
    new MongoRetryStore(connection, unmeasured).replace('evt_1/dlv_1', null, { chain: 1, runId: 'r', atMs }),
  read: async ({ connection }, id) => new MongoRetryStore(connection, unmeasured).find(id),
};

const statistics: CollectionFormat = {
  collection: 'statistics',
  write: async ({ connection }) => {
    const at = { topic: 'tidings.attempts', partition: 3, offset: 7 };
    const ofEvents = stored.map((event) => factOfEvent(event, { ...at, topic: 'tidings.events' }));
    const ofAttempts = attempts.flatMap((one) => factOfAttempt({ ...one, subscriptionId }, at) ?? []);
    const buckets = byBucket([...ofEvents, ...ofAttempts], atMs);
    const store = new MongoStatisticsStore(connection, unmeasured);
    await store.open(buckets.map(({ bucket }) => bucket));
    await store.apply(
      buckets.map(({ bucket, facts }) => ({
        ...{ bucket, expected: -1, offset: 7, changed: countFacts(facts, new Map()) },
      })),
    );
  },
  read: async ({ connection }, id) => {
    const store = new MongoStatisticsStore(connection, unmeasured);
    const granularity = (['minute', 'hour', 'day'] as const).find((one) => id.includes(`/${one}/`)) ?? 'day';
    const query = { ...scope, granularity, startMs: 0, endMs: atMs * 2 };
    const cells: BucketCell[] = [];
    for (const isByRow of [true, false])
      for await (const cell of store.read({ ...query, isByRow })) cells.push(cell);
    return cells;
  },
};

/** The collections of the history service. */
export const historyFormats: readonly CollectionFormat[] = [
  ...[deliveries, replayEnds, events, audit, received, runs, jobs, retries, statistics],
  ...deadLetterFormats,
];
