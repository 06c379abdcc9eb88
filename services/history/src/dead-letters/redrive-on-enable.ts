import type { DeadLetterReason, SubscriptionId } from '@tidings/contracts';
import type { Logger } from '@tidings/observability';
import { type Clock, messageOf } from '@tidings/runtime';
import { newJob } from '../jobs/domain/job.ts';
import type { JobStore } from '../jobs/ports.ts';
import { derivedJobId } from '../jobs/start-job.ts';
import type { DeadLetter } from './domain/dead-letter.ts';
import type { DeadLetterJob, OffsetRange } from './domain/dead-letter-job.ts';
import type { KnownSubscription, KnownSubscriptions, ReadEnds } from './ports.ts';
import { deadLetterOrder, wholeTopic } from './redrive-dead-letters.ts';

/** The dependencies of redriving on enable. */
export type EnableParts = Readonly<{
  jobs: Pick<JobStore, 'insert' | 'known' | 'findAnywhere'>;
  subscriptions: KnownSubscriptions;
  readEnds: ReadEnds;
  ratePerSecond: number;
  clock: Clock;
  logger: Logger;
  wake: () => void;
}>;

// Commands that were dead-lettered because the subscription could not receive, not because its endpoint failed.
const deadLetteredWhileUnable: readonly DeadLetterReason[] = ['disabled', 'backlog-full'];
const discardReason = 'discarded when the subscription was enabled';
const retryMs = 2_000;
const chunk = 500;

const enableJobId = ({ id, enabledVersion }: KnownSubscription): string =>
  derivedJobId('enable', id, enabledVersion);

const wasEnabled = ({ state, enabledVersion }: KnownSubscription): boolean =>
  state === 'active' && enabledVersion > 1;

/**
 * Processes dead letters that accumulated while a subscription was disabled, once for each version that enabled it.
 * Uses the subscription table and the existing jobs instead of observed changes, so it also works if no instance was
 * running at the time.
 */
export class RedriveOnEnable {
  readonly #parts: EnableParts;
  readonly #pending = new Set<SubscriptionId>();
  #isReady = false;
  #isClosed = false;
  #working: Promise<void> | undefined;
  #cancelRetry = (): void => {};

  constructor(parts: EnableParts) {
    this.#parts = parts;
  }

  /** Handles a changed subscription. Takes effect once the whole table has been read. */
  onChange(id: SubscriptionId): void {
    const subscription = this.#parts.subscriptions.get(id);
    if (subscription === undefined || !wasEnabled(subscription)) return;
    this.#pending.add(id);
    if (this.#isReady) this.#work();
  }

  /** Handles the completion of the table. */
  onReady(): void {
    this.#isReady = true;
    for (const subscription of this.#parts.subscriptions.values()) {
      if (wasEnabled(subscription)) this.#pending.add(subscription.id);
    }
    this.#work();
  }

  /**
   * Handles dead letters that have just been stored. Delivery may observe an enabling shortly after this service; a
   * dead letter for a version that is no longer disabled then comes too late for the job of that enabling.
   */
  async onStored(deadLetters: readonly DeadLetter[]): Promise<void> {
    const late = new Map<KnownSubscription, DeadLetter[]>();
    for (const deadLetter of deadLetters) {
      const subscription = this.#parts.subscriptions.get(deadLetter.subscriptionId ?? '');
      if (subscription === undefined || !this.#isLate(deadLetter, subscription)) continue;
      const some = late.get(subscription) ?? [];
      some.push(deadLetter);
      late.set(subscription, some);
    }
    for (const [subscription, some] of late) await this.#catchUp(subscription, some);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelRetry();
    await this.#working;
  }

  #isLate({ reason, subscriptionVersion }: DeadLetter, subscription: KnownSubscription): boolean {
    return (
      wasEnabled(subscription) &&
      deadLetteredWhileUnable.includes(reason) &&
      (subscriptionVersion ?? 0) < subscription.enabledVersion
    );
  }

  async #catchUp(subscription: KnownSubscription, deadLetters: readonly DeadLetter[]): Promise<void> {
    const { jobs, wake } = this.#parts;
    const job = await jobs.findAnywhere(enableJobId(subscription));
    // The job does not exist yet: its ranges will include these.
    if (job === null) return;
    const uncovered = deadLetters.filter(
      ({ position }) => !isWithin(position, (job as DeadLetterJob).checkpoint),
    );
    for (const range of rangesOver(uncovered)) {
      const { id, enabledVersion } = subscription;
      const lateId = derivedJobId('late', id, enabledVersion, range.partition, range.next);
      await jobs.insert(this.#jobFor(subscription, lateId, [range]));
    }
    if (uncovered.length > 0) wake();
  }

  #work(): void {
    if (this.#isClosed || this.#working !== undefined || this.#pending.size === 0) return;
    this.#cancelRetry();
    this.#working = this.#makeJobs().then((isDone) => {
      this.#working = undefined;
      if (isDone) this.#work();
      else if (!this.#isClosed) {
        this.#cancelRetry = this.#parts.clock.setTimer(() => this.#work(), retryMs);
      }
    });
  }

  async #makeJobs(): Promise<boolean> {
    const { jobs, subscriptions, readEnds, logger, wake } = this.#parts;
    const ids = [...this.#pending].slice(0, chunk);
    try {
      const enabled = ids.flatMap((id) => {
        const subscription = subscriptions.get(id);
        return subscription !== undefined && wasEnabled(subscription) ? [subscription] : [];
      });
      const known = await jobs.known(enabled.map(enableJobId));
      const unseen = enabled.filter((one) => !known.has(enableJobId(one)));
      if (unseen.length > 0) {
        const ranges = await wholeTopic(readEnds);
        for (const one of unseen) await jobs.insert(this.#jobFor(one, enableJobId(one), ranges));
        wake();
      }
      for (const id of ids) this.#pending.delete(id);
      return true;
    } catch (error) {
      logger.debug({ detail: messageOf(error) }, 'redrive-on-enable.not-checked');
      return false;
    }
  }

  #jobFor(subscription: KnownSubscription, id: string, ranges: readonly OffsetRange[]): DeadLetterJob {
    const { id: subscriptionId, workspaceId, enabledVersion, onEnable } = subscription;
    const { ratePerSecond, clock } = this.#parts;
    const request = {
      id,
      kind: onEnable,
      filters: {
        workspaceId,
        ownerId: null,
        poison: 'none',
        subscriptionId,
        reasons: deadLetteredWhileUnable,
        subscriptionVersionBelow: enabledVersion,
      },
      requestedBy: 'enable',
      reason: onEnable === 'discard' ? discardReason : null,
      ratePerSecond: onEnable === 'discard' ? null : ratePerSecond,
    } as const;
    return newJob(deadLetterOrder(request, ranges), clock.nowMs());
  }
}

/** Returns, for each partition, the range from the first to the last of them. */
const rangesOver = (deadLetters: readonly DeadLetter[]): readonly OffsetRange[] => {
  const over = new Map<number, OffsetRange>();
  for (const { position } of deadLetters) {
    const { partition, offset } = position;
    const { next, end } = over.get(partition) ?? { next: offset, end: 0 };
    over.set(partition, { partition, next: Math.min(next, offset), end: Math.max(end, offset + 1) });
  }
  return [...over.values()];
};

const isWithin = ({ partition, offset }: DeadLetter['position'], ranges: readonly OffsetRange[]): boolean =>
  ranges.some((one) => one.partition === partition && offset < one.end);
