import { holdKey, type SubscriptionRecord } from '@tidings/contracts';
import type { Logger } from '@tidings/observability';
import { type Clock, messageOf } from '@tidings/runtime';
import type { RecordVerdict } from '../attempt/record-resolution.ts';
import { maxUnknownMs, type Route, routeOf } from '../domain/disposition.ts';
import { chainKeyOf, type FinishedMemory } from '../domain/finished-attempts.ts';
import { type ActiveJobs, type Job, jobKeyOf } from '../domain/in-flight.ts';
import { dueUnder } from '../domain/next-step.ts';
import { isRepeatOf, type Line, lineNameOf, type Member, type OrderBook } from '../domain/ordered-queue.ts';
import { verdictOnFinished, verdictOnRoute } from '../domain/resolution.ts';
import type { SubscriptionDirectory } from '../ports.ts';
import type { HeldBodies } from './body-cache.ts';
import type { Parker } from './queue-persister.ts';

/** Lets a job take its place among the requests. */
export type Admit = (job: Job, subscription: SubscriptionRecord) => void;

export type RunLineDependencies = Readonly<{
  book: OrderBook;
  directory: SubscriptionDirectory;
  bodies: HeldBodies;
  parker: Parker;
  active: ActiveJobs;
  memory: FinishedMemory;
  record: RecordVerdict;
  admit: Admit;
  /** The line is not the one that its subscription asks for. */
  onMisplaced: (line: Line) => void;
  clock: Clock;
  logger: Logger;
}>;

// An entry that should be there and cannot be read: asking faster would not mend it.
const reloadMs = 5_000;

/** How long a head waits before it is looked at again; null when its time has come. */
const waitOf = (head: Member, route: Route): number | null => {
  if (route.kind === 'wait') return route.remainingMs;
  if (route.kind !== 'await-subscription') return null;
  // Counted in memory alone: a restart lets it wait for its subscription once more.
  head.state = { ...head.state, deferrals: head.state.deferrals + 1 };
  return route.rung.delayMs;
};

/** The job of a member's next attempt, with all that is done when it is recorded. */
export const jobOfMember = (member: Member, body: Buffer, clock: Clock): Job => {
  const { state, traceparent, bytes, writtenAtMs, line, records } = member;
  return {
    command: { state, body, traceparent },
    key: jobKeyOf(state),
    chain: chainKeyOf(state),
    partition: line.partition,
    bytes,
    arrivedMs: clock.monotonicMs(),
    arrivedIdleMs: clock.idleMs(),
    writtenAtMs,
    member,
    records,
  };
};

/** Carries one line after the other on: starts its head, or sets the time at which it may start. */
export class LineRunner {
  readonly #dependencies: RunLineDependencies;
  #isStopped = false;

  constructor(dependencies: RunLineDependencies) {
    this.#dependencies = dependencies;
  }

  /** Call whenever the head may have changed, or may be due, and is not at work. */
  run(line: Line): void {
    line.cancelTimer();
    const head = this.#headOf(line);
    if (head === undefined || line.isGone) return;
    line.head = 'idle';
    if (head.isRefused) {
      // Its way to dead-letters has begun when it came.
      line.head = 'running';
      return;
    }
    const { directory, memory, onMisplaced } = this.#dependencies;
    const subscription = directory.find(line.subscriptionId);
    if (lineNameOf(head.state, subscription) !== line.name) {
      onMisplaced(line);
      return;
    }
    if (subscription !== undefined) {
      const notBeforeMs = dueUnder(head.state, subscription);
      if (notBeforeMs !== head.state.notBeforeMs) head.state = { ...head.state, notBeforeMs };
    }
    const isOver = memory.isOver(chainKeyOf(head.state));
    const route = this.#routeOf(head, subscription);
    const waitMs = isOver ? null : waitOf(head, route);
    if (waitMs !== null) {
      this.wait(line, waitMs);
      if (!head.hasEntry) this.#dependencies.parker.waits(line);
    } else if (head.body === null) void this.#loadThenRun(line, head);
    else this.#start(head, head.body, isOver ? null : route);
  }

  /** Lets the head wait, then runs the line. */
  wait(line: Line, delayMs: number): void {
    line.cancelTimer();
    line.head = 'timed';
    if (this.#isStopped) return;
    line.cancelTimer = this.#dependencies.clock.setTimer(() => this.run(line), delayMs);
  }

  /** A member has ended: if it was the head, it is the next one's turn. */
  leave(member: Member): void {
    const { book, bodies } = this.#dependencies;
    const { line } = member;
    const wasHead = line.members[0] === member;
    member.hasLeft = true;
    bodies.forget(member);
    if (book.remove(member) && wasHead && line.members.length > 0) this.run(line);
  }

  stop(): void {
    this.#isStopped = true;
  }

  // The head, unless the same delivery was sent once more by hand: the new chain then stands in its place.
  #headOf(line: Line): Member | undefined {
    const { book, bodies, parker } = this.#dependencies;
    for (;;) {
      const [head, next] = line.members;
      if (head === undefined || next === undefined || !isRepeatOf(next, head)) return head;
      next.records.push(...head.records.splice(0));
      head.hasLeft = true;
      bodies.forget(head);
      book.remove(head);
      if (head.hasEntry) parker.replace(head, next);
    }
  }

  // The bound of waiting for a subscription counts from when each came: they wait together, not one after the other.
  #routeOf(head: Member, subscription: SubscriptionRecord | undefined): Route {
    const { clock } = this.#dependencies;
    const route = routeOf(head.state, subscription, clock.nowMs());
    const hasWaited = clock.monotonicMs() - head.arrivedMs >= maxUnknownMs;
    return route.kind === 'await-subscription' && hasWaited
      ? { kind: 'set-aside', reason: 'unknown-subscription' }
      : route;
  }

  // A route of null: it has ended already, and only its entry is left.
  #start(head: Member, body: Buffer, route: Route | null): void {
    const { clock, active, record, admit } = this.#dependencies;
    head.line.head = 'running';
    const job = jobOfMember(head, body, clock);
    active.add(job);
    if (route === null) void record(job, verdictOnFinished);
    else if (route.kind === 'attempt') admit(job, route.subscription);
    else void record(job, verdictOnRoute(head.state, route, clock.nowMs()));
  }

  async #loadThenRun(line: Line, head: Member): Promise<void> {
    line.head = 'loading';
    const { bodies, logger } = this.#dependencies;
    const { subscriptionId, deliveryId } = head.state;
    let isThere = true;
    try {
      isThere = await bodies.load(head);
    } catch (error) {
      logger.error({ subscriptionId, deliveryId, detail: messageOf(error) }, 'hold.not-loaded');
    }
    if (line.isGone || line.members[0] !== head) return;
    if (!isThere) {
      logger.error({ subscriptionId, deliveryId, key: holdKey(head.state) }, 'hold.ended-elsewhere');
      this.leave(head);
    } else if (head.body === null) this.wait(line, reloadMs);
    else this.run(line);
  }
}
