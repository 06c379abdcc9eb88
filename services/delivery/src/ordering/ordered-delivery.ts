import type { DeliveryRequested, DeliveryState, SubscriptionRecord } from '@tidings/contracts';
import type { WorkItem } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import type { Clock } from '@tidings/runtime';
import type { RecordVerdict } from '../attempt/record-resolution.ts';
import { type ActiveJobs, type Job, jobKeyOf } from '../domain/in-flight.ts';
import { isFirstProbe } from '../domain/next-step.ts';
import {
  isRepeatOf,
  type Line,
  lineAmong,
  lineNameOf,
  type Member,
  type OrderBook,
  type SubscriptionLines,
} from '../domain/ordered-queue.ts';
import { type Verdict, verdictOnRoute } from '../domain/resolution.ts';
import type { Holds, SubscriptionDirectory } from '../ports.ts';
import type { HeldBodies } from './body-cache.ts';
import type { Parker } from './queue-persister.ts';
import type { LineReleaser } from './queue-releaser.ts';
import { jobOfMember, type LineRunner } from './queue-runner.ts';

export type OrderDependencies = Readonly<{
  book: OrderBook;
  directory: SubscriptionDirectory;
  holds: Pick<Holds, 'remove'>;
  bodies: HeldBodies;
  parker: Parker;
  runner: LineRunner;
  releaser: LineReleaser;
  active: ActiveJobs;
  record: RecordVerdict;
  onDuplicate: (kind: 'in_flight') => void;
  /** Commands that may wait for one subscription. */
  maxBacklog: number;
  clock: Clock;
  logger: Logger;
}>;

const stateBytes = 1_024;

type Place = Readonly<{ line: Line; sequence: number; isRefused: boolean }>;

/**
 * Keeps lines in order: only the head of a line is sent, the others wait behind it. docs/adr/0010 has the rules and
 * what they are for.
 */
export class OrderKeeper {
  readonly #dependencies: OrderDependencies;
  /** Subscriptions whose backlog is full, so that the log says it once. */
  readonly #full = new Set<string>();

  constructor(dependencies: OrderDependencies) {
    this.#dependencies = dependencies;
  }

  /** Lets a command stand in line if it has to. False, at the cost of a look-up, when it waits for nobody. */
  take(item: WorkItem<DeliveryRequested>, subscription: SubscriptionRecord | undefined): boolean {
    const { state } = item.message;
    const { partition, offset } = item.record;
    const { book } = this.#dependencies;
    const standing = book.of(partition, state.subscriptionId);
    const wanted = lineNameOf(state, subscription);
    if (standing === undefined && wanted === null) return false;
    const known = standing?.members.get(state.deliveryId);
    if (known !== undefined) {
      this.#meet(known, item);
      return true;
    }
    const name = standing === undefined ? wanted : lineAmong(standing, state.orderingKey, wanted);
    if (name === null) return false;
    const isRefused = this.#isFull(state, standing);
    const line = book.open({ partition, subscriptionId: state.subscriptionId, name });
    const member = this.#memberOf(item, { line, sequence: Number(offset), isRefused });
    book.stand(member);
    if (isRefused) this.#refuse(member, item.message.body);
    this.joined(member);
    return true;
  }

  /** Somebody stands in the line who did not before. */
  joined(member: Member): void {
    const { runner, parker } = this.#dependencies;
    const { line } = member;
    // Also before one that only waited for its time: nothing stands before a head that is at work.
    if (line.members[0] === member) runner.run(line);
    else parker.waits(line);
  }

  /** What became of a job is in the log. */
  recorded(job: Job, { fact, followUp }: Verdict, entryOffset: bigint | null): void {
    const { member } = job;
    if (member === null || member.line.isGone) return;
    const { clock, bodies, runner, holds } = this.#dependencies;
    if (followUp.kind !== 'command') {
      if (member.hasEntry) holds.remove(member);
      runner.leave(member);
      return;
    }
    const { line } = member;
    if (fact?.outcome.kind === 'failed') this.#tellIfBlocked(line, followUp.state);
    member.state = followUp.state;
    member.records = [];
    member.entryOffset = entryOffset;
    bodies.keep(member);
    const [, next] = line.members;
    if (next !== undefined && isRepeatOf(next, member)) {
      runner.run(line);
      return;
    }
    const remainingMs = (followUp.state.notBeforeMs ?? 0) - clock.nowMs();
    const isPutAside = fact === null || fact.outcome.kind === 'deferred';
    runner.wait(line, isPutAside && remainingMs <= 0 ? followUp.rung.delayMs : remainingMs);
  }

  /** A subscription has changed: what waits for it is looked at again. */
  subscriptionChanged(subscriptionId: string): void {
    const { book, runner } = this.#dependencies;
    for (const line of book.linesOf(subscriptionId)) if (line.head === 'timed') runner.run(line);
  }

  /** The partition is somebody else's: its lines are theirs. */
  dropPartition(partition: number): void {
    const { book, bodies, releaser, active } = this.#dependencies;
    releaser.dropPartition(partition);
    for (const line of book.drop(partition)) {
      line.isGone = true;
      line.cancelTimer();
      for (const member of line.members) {
        member.hasLeft = true;
        bodies.forget(member);
        active.dropKey(jobKeyOf(member.state));
      }
    }
  }

  stop(): void {
    this.#dependencies.runner.stop();
    this.#dependencies.parker.stop();
  }

  #tellIfBlocked(line: Line, { position, deliveryId, attempt }: DeliveryState): void {
    const { directory, logger } = this.#dependencies;
    const { subscriptionId } = line;
    const schedule = directory.find(subscriptionId)?.retryScheduleSeconds;
    if (schedule === undefined || !isFirstProbe(position, schedule)) return;
    const behind = line.members.length - 1;
    logger.warn({ subscriptionId, deliveryId, attempts: attempt - 1, behind }, 'line.blocked');
  }

  // The delivery stands in line already: a copy, or the same once more by hand.
  #meet(known: Member, item: WorkItem<DeliveryRequested>): void {
    const { book, runner, onDuplicate, parker } = this.#dependencies;
    if (item.message.state.chain <= known.state.chain) {
      onDuplicate('in_flight');
      // While it has no entry in the log, its records are what a restart reads it from.
      if (known.entryOffset === null) known.records.push(item);
      else item.done();
      return;
    }
    const { line, sequence } = known;
    book.stand(this.#memberOf(item, { line, sequence, isRefused: false }));
    if (line.members[0] === known && line.head === 'timed') runner.run(line);
    else parker.waits(line);
  }

  #memberOf(item: WorkItem<DeliveryRequested>, place: Place): Member {
    const { state, body, traceparent } = item.message;
    return {
      ...place,
      state,
      traceparent,
      body,
      bytes: body.length + stateBytes,
      records: [item],
      hasEntry: false,
      entryOffset: null,
      arrivedMs: this.#dependencies.clock.monotonicMs(),
      writtenAtMs: item.record.timestampMs,
      hasLeft: false,
    };
  }

  #isFull({ subscriptionId }: DeliveryState, standing: SubscriptionLines | undefined): boolean {
    const { maxBacklog, logger } = this.#dependencies;
    const waiting = standing?.waiting ?? 0;
    if (waiting < maxBacklog) {
      if (this.#full.size > 0) this.#full.delete(subscriptionId);
      return false;
    }
    if (!this.#full.has(subscriptionId)) {
      logger.warn({ subscriptionId, waiting, limit: maxBacklog }, 'line.backlog-full');
      this.#full.add(subscriptionId);
    }
    return true;
  }

  // It keeps its place until it is in dead-letters, so that nothing behind it is sent before.
  #refuse(member: Member, body: Buffer): void {
    const { clock, record, active } = this.#dependencies;
    const job = jobOfMember(member, body, clock);
    active.add(job);
    const verdict = verdictOnRoute(
      member.state,
      { kind: 'set-aside', reason: 'backlog-full' },
      clock.nowMs(),
    );
    void record(job, verdict);
  }
}
