import type { Logger } from '@tidings/observability';
import { type Clock, messageOf } from '@tidings/runtime';
import type { RecordVerdict } from '../attempt/record-resolution.ts';
import { routeOf } from '../domain/disposition.ts';
import type { ActiveJobs, Job } from '../domain/in-flight.ts';
import {
  type Completable,
  type Line,
  lineNameOf,
  type Member,
  type OrderBook,
} from '../domain/ordered-queue.ts';
import { verdictOnDeferral, verdictOnRoute } from '../domain/resolution.ts';
import { rungOfAtLeast } from '../domain/retry-ladder.ts';
import type { Holds, SubscriptionDirectory } from '../ports.ts';
import type { HeldBodies } from './body-cache.ts';
import { type Admit, jobOfMember } from './queue-runner.ts';

export type ReleaseDependencies = Readonly<{
  book: OrderBook;
  directory: SubscriptionDirectory;
  holds: Pick<Holds, 'remove'>;
  bodies: HeldBodies;
  active: ActiveJobs;
  record: RecordVerdict;
  admit: Admit;
  /** Somebody has joined the line; it may be its head. */
  onJoined: (member: Member) => void;
  clock: Clock;
  logger: Logger;
}>;

/** Lets go a line that was not needed, or not as it is: its members go to where they belong, in order. */
export class LineReleaser {
  readonly #dependencies: ReleaseDependencies;
  /** Lines whose members are on their way out. */
  readonly #releasing = new Set<Line>();

  constructor(dependencies: ReleaseDependencies) {
    this.#dependencies = dependencies;
  }

  release(line: Line): void {
    const { book, directory, logger } = this.#dependencies;
    const { subscriptionId, partition } = line;
    const subscription = directory.find(subscriptionId);
    const members = book.take(line);
    logger.info({ subscriptionId, commands: members.length }, 'line.released');
    const free: Member[] = [];
    const moved: Member[] = [];
    for (const member of members) {
      // On its way to dead-letters already.
      if (member.isRefused) continue;
      const name = lineNameOf(member.state, subscription);
      if (name === null) {
        free.push(member);
        continue;
      }
      member.line = book.open({ partition, subscriptionId, name });
      book.stand(member);
      moved.push(member);
    }
    for (const member of moved) this.#dependencies.onJoined(member);
    void this.#letGo(line, free);
  }

  /** The partition is somebody else's. */
  dropPartition(partition: number): void {
    for (const line of this.#releasing) if (line.partition === partition) line.isGone = true;
  }

  // Those in memory go at once; the others one after the other over the ladder, so that memory stays what it is.
  async #letGo(line: Line, members: readonly Member[]): Promise<void> {
    const { bodies, logger } = this.#dependencies;
    this.#releasing.add(line);
    const elsewhere: Member[] = [];
    for (const member of members) {
      member.hasLeft = true;
      bodies.forget(member);
      if (member.body === null) elsewhere.push(member);
      else this.#go(member, member.body);
    }
    for (const member of elsewhere) {
      try {
        if (!line.isGone) await this.#hop(member);
      } catch (error) {
        // Its entry stays: whoever restores the partition next lets it go.
        const { subscriptionId, deliveryId } = member.state;
        logger.error({ subscriptionId, deliveryId, detail: messageOf(error) }, 'hold.not-loaded');
      }
    }
    this.#releasing.delete(line);
  }

  #go(member: Member, body: Buffer): void {
    const { active, directory, admit, record, clock } = this.#dependencies;
    const job = this.#jobOf(member, body);
    active.add(job);
    const route = routeOf(member.state, directory.find(member.state.subscriptionId), clock.nowMs());
    if (route.kind === 'attempt') admit(job, route.subscription);
    else void record(job, verdictOnRoute(member.state, route, clock.nowMs()));
  }

  async #hop(member: Member): Promise<void> {
    const { bodies, active, record, clock } = this.#dependencies;
    const isThere = await bodies.load(member);
    const { body, state } = member;
    if (!isThere || body === null || member.line.isGone) return;
    const job = this.#jobOf(member, body);
    active.add(job);
    member.body = null;
    const { subscriptionVersion } = state;
    const deferral = {
      reason: 'held',
      rung: rungOfAtLeast(0),
      subscriptionVersion,
      nowMs: clock.nowMs(),
    } as const;
    await record(job, verdictOnDeferral(state, deferral));
  }

  // It stands in no line any more; its entry ends when it is safe elsewhere.
  #jobOf(member: Member, body: Buffer): Job {
    const { clock, holds } = this.#dependencies;
    const entry: Completable[] = member.hasEntry ? [{ done: () => holds.remove(member) }] : [];
    const records = [...member.records.splice(0), ...entry];
    return { ...jobOfMember(member, body, clock), member: null, records };
  }
}
