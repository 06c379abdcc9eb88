import { holdKey } from '@tidings/contracts';
import type { Logger } from '@tidings/observability';
import { AppError, type Clock, messageOf } from '@tidings/runtime';
import { spillRules } from '../deferral/domain/deferral-policy.ts';
import type { Line, Member } from '../domain/ordered-queue.ts';
import { verdictOnDeferral } from '../domain/resolution.ts';
import { rungOfAtLeast } from '../domain/retry-ladder.ts';
import type { Holds } from '../ports.ts';
import type { HeldBodies } from './body-cache.ts';

export type ParkDependencies = Readonly<{
  holds: Holds;
  bodies: HeldBodies;
  /** Whether a line that keeps its commands in memory holds up somebody else. */
  hasCompany: (partition: number, subscriptionId: string) => boolean;
  onPark: () => void;
  clock: Clock;
  logger: Logger;
}>;

const sweepMs = 250;

const isClosed = (error: unknown): boolean => error instanceof AppError && error.code === 'closed';

/** Whether it keeps an offset open that an entry would free. A head at work is about to end anyway. */
const lacksEntry = (member: Member, at: number): boolean =>
  !member.hasEntry && !member.isRefused && (at > 0 || member.line.head === 'timed');

/**
 * Gives what waits in a line an entry in the changelog when it has waited for a moment, so that its offset is done and
 * its partition goes on.
 */
export class Parker {
  readonly #dependencies: ParkDependencies;
  /** Lines with members that have no entry. */
  readonly #unparked = new Set<Line>();
  #cancelSweep: (() => void) | undefined;
  #isStopped = false;

  constructor(dependencies: ParkDependencies) {
    this.#dependencies = dependencies;
  }

  /** Somebody waits in the line without an entry. */
  waits(line: Line): void {
    this.#unparked.add(line);
    const isMany =
      line.members.length > spillRules.maxQueued && line.members.length % spillRules.maxQueued === 0;
    if (isMany && this.#dependencies.hasCompany(line.partition, line.subscriptionId)) this.#park(line);
    this.#sweepLater();
  }

  /** Another chain takes a member's place: its entry, and behind it the end of the old one's. */
  replace(old: Member, fresh: Member): void {
    const { holds } = this.#dependencies;
    if (!fresh.hasEntry) {
      fresh.hasEntry = true;
      void this.#write(fresh, null);
    }
    holds.remove(old);
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelSweep?.();
  }

  #sweepLater(): void {
    if (this.#isStopped) return;
    this.#cancelSweep ??= this.#dependencies.clock.setTimer(() => {
      this.#cancelSweep = undefined;
      this.#sweep();
      if (this.#unparked.size > 0) this.#sweepLater();
    }, sweepMs);
  }

  #sweep(): void {
    const { clock, hasCompany } = this.#dependencies;
    const nowMs = clock.monotonicMs();
    for (const line of [...this.#unparked]) {
      const oldest = line.members.find(lacksEntry);
      if (oldest === undefined || line.isGone) {
        this.#unparked.delete(line);
        continue;
      }
      const company = hasCompany(line.partition, line.subscriptionId);
      const boundMs = company ? spillRules.maxAgeMs : spillRules.maxAgeAloneMs;
      if (nowMs - oldest.arrivedMs >= boundMs) this.#park(line);
    }
  }

  // From the head on, in order, without waiting in between: the partition of the changelog keeps the order (rule 2).
  #park(line: Line): void {
    const { clock, onPark } = this.#dependencies;
    for (const [at, member] of line.members.entries()) {
      // What is behind it must not be all that a restart finds: it goes when the refused one is in dead-letters.
      if (member.isRefused) return;
      if (member.hasEntry) continue;
      member.hasEntry = true;
      onPark();
      if (at === 0) {
        void this.#write(member, null);
        continue;
      }
      const { state } = member;
      // Nobody knows when its turn comes; the fact names the soonest.
      const rung = rungOfAtLeast(0);
      const { subscriptionVersion } = state;
      const deferral = { reason: 'held', rung, subscriptionVersion, nowMs: clock.nowMs() } as const;
      const { fact } = verdictOnDeferral(state, deferral);
      member.state = { ...state, deferrals: state.deferrals + 1 };
      void this.#write(member, fact);
    }
    this.#unparked.delete(line);
  }

  async #write(member: Member, fact: Parameters<Holds['put']>[2]): Promise<void> {
    const { holds, bodies, logger } = this.#dependencies;
    const { body, state } = member;
    if (body === null) return;
    try {
      const offset = await holds.put(member, body, fact);
      // A head that was sent meanwhile may have a newer entry already.
      if (member.entryOffset === null || offset > member.entryOffset) member.entryOffset = offset;
      for (const record of member.records.splice(0)) record.done();
      const isAtWork = member.line.members[0] === member && member.line.head === 'running';
      if (!isAtWork && !member.hasLeft) bodies.keep(member);
    } catch (error) {
      // At shutdown the next owner reads the command again.
      if (isClosed(error)) return;
      logger.error({ key: holdKey(state), detail: messageOf(error) }, 'hold.not-written');
      member.hasEntry = false;
      this.waits(member.line);
    }
  }
}
