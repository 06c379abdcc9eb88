import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type DeliveryRequested,
  deriveDeliveryId,
  deriveReplayDeliveryId,
  type EventId,
  type JobProgressed,
  type LiveHoldChanged,
  replayChainOf,
  type SubscriptionId,
} from '@tidings/contracts';
import { BoundedMap, type Clock, sleep } from '@tidings/runtime';
import { commandBodies } from '../command-bodies.ts';
import type { IndexedSubscription } from '../domain/match-index.ts';
import { requestDelivery } from '../domain/request-delivery.ts';
import type { LoggedEvent } from '../ports.ts';
import { Pace } from './domain/pace.ts';
import { liveHoldOf, type ReplayJob } from './domain/replay-job.ts';
import { coversHeaders } from './domain/replay-scope.ts';
import { SendWindow } from './domain/send-window.ts';
import type { WaitingDeliveries } from './domain/waiting-deliveries.ts';
import { findMissing } from './find-missing.ts';
import type { MatchReplayed } from './match-replayed.ts';
import type { AttemptWatch, Chunk, DeliveryFacts, ReplayLog, ReplayOutput, Span } from './ports.ts';
import { readSpan } from './read-span.ts';
import { type ReplayCounts, ReplayReport } from './replay-report.ts';
import { ReplayedCommands } from './trace-replay.ts';

/** The dependencies of the run of one replay. */
export type ReplayRunParts = Readonly<{
  log: ReplayLog;
  facts: DeliveryFacts;
  watch: (isOrdered: (subscriptionId: string) => boolean, chain: number) => Promise<AttemptWatch>;
  output: ReplayOutput;
  match: MatchReplayed;
  /** The rate of all replays of this process. */
  sharedPace: Pick<Pace, 'delayMs' | 'take'>;
  clock: Clock;
  signal: AbortSignal;
}>;

type IsWanted = (event: EventId, subscription: SubscriptionId) => boolean;
type PositionedEvent = LoggedEvent & Readonly<{ partition: number }>;

const maxBatchRecords = 50;
const maxBatchBytes = 4 * 1024 * 1024;
// Live events of this process are handled in between.
const eventsPerTurn = 20;
const watchMs = 250;
const maxSleepMs = 100;
// Commands of this time are sent together: a publish costs about the same for one as for ten.
const gatherMs = 20;
const minWindow = 20;
const windowSeconds = 2;
// Of the newest events of a run, each is sent once, however often the log repeats it.
const maxSeen = 100_000;

/**
 * Carries out one replay, from its checkpoint. Commands are sent in the order of each partition, and the checkpoint
 * moves when they are acknowledged: a run that continues after a crash repeats at most what the last report did not
 * cover, with the same delivery ids and chain.
 */
export class ReplayRun {
  readonly #parts: ReplayRunParts;
  readonly #job: ReplayJob;
  readonly #chain: number;
  readonly #report: ReplayReport;
  readonly #window: SendWindow;
  readonly #commands: ReplayedCommands;
  readonly #paces = new Map<SubscriptionId, Pace>();
  readonly #ordered = new Set<string>();
  readonly #seen = new BoundedMap<EventId, true>(maxSeen);
  #watch: AttemptWatch | undefined;
  #waiting: WaitingDeliveries | undefined;
  #watchedMs = -Infinity;
  #batch: DeliveryRequested[] = [];
  #batchBytes = 0;

  constructor(job: ReplayJob, parts: ReplayRunParts) {
    this.#job = job;
    this.#parts = parts;
    this.#chain = replayChainOf(job.order);
    this.#commands = new ReplayedCommands(job.order);
    const { ratePerSecond } = job.order.spec;
    this.#window = new SendWindow(Math.max(minWindow, Math.ceil(ratePerSecond * windowSeconds)));
    this.#report = new ReplayReport(job, { output: parts.output, clock: parts.clock });
  }

  /** Resolves with the last progress when the replay is done, or soon after the signal aborts it. */
  async run(): Promise<JobProgressed> {
    const { log, signal } = this.#parts;
    const { spec } = this.#job.order;
    this.#report.begin(await log.spanOf(spec));
    await this.#report.write('running');
    // Also by a run that continues: the one before may have been paused, or have died behind its last command.
    await this.#hold('held');
    while (this.#report.hasMore && !signal.aborted) await this.#runPart();
    if (signal.aborted) return this.#report.progress('running');
    await this.#hold('ending');
    return this.#report.progress('done');
  }

  async #hold(state: LiveHoldChanged['state']): Promise<void> {
    const changed = liveHoldOf(this.#job, state);
    if (changed !== null) await this.#parts.output.hold(changed);
  }

  /** Sends what the rest of the span holds, or as much of it as can be looked up at once. */
  async #runPart(): Promise<void> {
    const { log, facts, match, signal } = this.#parts;
    const { order } = this.#job;
    const accepts = (headers: Readonly<Record<string, string>>) => coversHeaders(order, headers);
    const rest = this.#report.rest();
    const { target, asNew, dryRun } = order.spec;
    if (target.kind !== 'missing') {
      // New deliveries have no older commands, and of missing ones none waits.
      if (!asNew && dryRun !== true) this.#waiting ??= await facts.readWaiting(order);
      await this.#sendSpan(rest, () => true);
      return;
    }
    const { part, chains } = await findMissing(rest, { log, facts, match, accepts, signal });
    const isWanted: IsWanted = (event, subscription) =>
      chains.isMissing(deriveDeliveryId(event, subscription));
    if (!signal.aborted) await this.#sendSpan(part, isWanted);
  }

  async #sendSpan(span: Span, isWanted: IsWanted): Promise<void> {
    const { log, signal } = this.#parts;
    const accepts = (headers: Readonly<Record<string, string>>) => coversHeaders(this.#job.order, headers);
    for await (const chunk of readSpan(log, span, { accepts, signal })) {
      let isSent = false;
      try {
        isSent = await this.#sendChunk(chunk, isWanted);
      } finally {
        this.#commands.end(isSent ? undefined : 'stopped');
      }
      if (!isSent) return;
    }
  }

  /** Sends the events of a chunk. Returns false if the replay was stopped before its last command. */
  async #sendChunk({ partition, events, next }: Chunk, isWanted: IsWanted): Promise<boolean> {
    for (const [at, logged] of events.entries()) {
      if (at % eventsPerTurn === eventsPerTurn - 1) await nextTurn();
      const counts = await this.#replay({ ...logged, partition }, isWanted);
      if (counts === null) return false;
      this.#report.reached(partition, logged.offset + 1, counts);
    }
    this.#report.reached(partition, next);
    await this.#flush();
    return true;
  }

  /** Sends one event. Returns what it adds to the counts; null if the replay was stopped before its last command. */
  async #replay(logged: PositionedEvent, isWanted: IsWanted): Promise<Partial<ReplayCounts> | null> {
    const { match } = this.#parts;
    const { event } = logged;
    const found = await match(logged);
    if (found === undefined) return {};
    if (this.#seen.get(event.id) === true) return { repeats: 1 };
    const wanted = found.matched.filter(({ id }) => isWanted(event.id, id));
    const isDry = this.#job.order.spec.dryRun === true;
    if (!isDry && !(await this.#sendAll(logged, wanted))) return null;
    this.#seen.set(event.id, true);
    return {
      matched: found.matched.length,
      skipped: found.matched.length - wanted.length,
      disabled: found.disabled,
      erased: found.erased,
      [isDry ? 'to_send' : 'sent']: wanted.length,
    };
  }

  async #sendAll(logged: PositionedEvent, wanted: readonly IndexedSubscription[]): Promise<boolean> {
    const { clock } = this.#parts;
    const { event, timestampMs } = logged;
    const acceptedAtMs = Math.max(0, timestampMs);
    const bodyFor = commandBodies(event, acceptedAtMs);
    for (const subscription of wanted) {
      if (!(await this.#waitForRoom(subscription))) return false;
      const { id } = subscription;
      const deliveryId = this.#job.order.spec.asNew
        ? deriveReplayDeliveryId(event.id, id, this.#job.order.jobId)
        : deriveDeliveryId(event.id, id);
      const content = bodyFor(subscription);
      const supersedes = this.#waiting?.mayWait(deliveryId, logged) === true;
      const replay = { deliveryId, chain: this.#chain, supersedes };
      const traceparent = this.#commands.add(event, { deliveryId, subscriptionId: id });
      this.#batch.push(requestDelivery({ event, subscription, acceptedAtMs, content, traceparent, replay }));
      this.#batchBytes += content.body.length;
      this.#window.sent(id, deliveryId, clock.monotonicMs());
    }
    return true;
  }

  /** Waits until another command may be sent to the endpoint. Returns false if the replay is stopped. */
  async #waitForRoom(subscription: IndexedSubscription): Promise<boolean> {
    const { clock, signal, sharedPace } = this.#parts;
    if (subscription.isOrdered) this.#ordered.add(subscription.id);
    const pace = this.#paceOf(subscription.id);
    while (!signal.aborted) {
      const nowMs = clock.monotonicMs();
      const waiting = this.#window.waiting(subscription, nowMs);
      const isFull = waiting >= this.#window.limit;
      const waitMs = Math.max(sharedPace.delayMs(nowMs), pace.delayMs(nowMs), isFull ? maxSleepMs : 0);
      const isBatchFull = this.#batch.length >= maxBatchRecords || this.#batchBytes >= maxBatchBytes;
      if (waitMs > 0 || isBatchFull) await this.#flush();
      if (waiting * 2 >= this.#window.limit && nowMs - this.#watchedMs >= watchMs) await this.#look();
      else if (waitMs > 0) await sleep(clock, Math.min(Math.max(waitMs, gatherMs), maxSleepMs), signal);
      else {
        pace.take(nowMs);
        sharedPace.take(nowMs);
        return true;
      }
    }
    return false;
  }

  /** Finds out which commands have had their attempt. */
  async #look(): Promise<void> {
    await this.#flush();
    await this.#watch?.update(this.#window);
    this.#watchedMs = this.#parts.clock.monotonicMs();
  }

  #paceOf(id: SubscriptionId): Pace {
    const known = this.#paces.get(id);
    if (known !== undefined) return known;
    const pace = new Pace(this.#job.order.spec.ratePerSecond);
    this.#paces.set(id, pace);
    return pace;
  }

  /** Sends the batch, and reports the events whose commands are all acknowledged. */
  async #flush(): Promise<void> {
    const batch = this.#batch;
    if (batch.length > 0) {
      this.#batch = [];
      this.#batchBytes = 0;
      // Opened before the first command, so that it sees the attempts of all of them.
      this.#watch ??= await this.#parts.watch((id) => this.#ordered.has(id), this.#chain);
      await this.#parts.output.send(batch);
      this.#commands.acknowledged();
    }
    await this.#report.acknowledged();
  }
}
