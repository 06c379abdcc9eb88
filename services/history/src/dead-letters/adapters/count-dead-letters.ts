import { type SubscriptionId, subscriptionId } from '@tidings/contracts';
import type { TimedOperation } from '@tidings/mongodb';
import type { Model } from 'mongoose';
import {
  countsOfGroups,
  groupUndelivered,
  type UndeliveredGroupDocument,
} from '../../adapters/undelivered-groups.ts';
import type { UndeliveredCount } from '../../domain/undelivered-count.ts';
import type { DeadLetterCount } from '../ports.ts';
import type { Conditions } from './dead-letter-conditions.ts';
import type { DeadLetterDocument } from './dead-letter-document.ts';

type Grouped = Readonly<{
  _id: Pick<DeadLetterCount, 'kind' | 'reason' | 'state'>;
  count: number;
  oldest: Date;
}>;

/** Counts the dead letters that match conditions. */
export class DeadLetterCounts {
  readonly #deadLetters: Model<DeadLetterDocument>;
  readonly #timed: TimedOperation;

  constructor(deadLetters: Model<DeadLetterDocument>, timed: TimedOperation) {
    this.#deadLetters = deadLetters;
    this.#timed = timed;
  }

  async group(match: Conditions): Promise<readonly DeadLetterCount[]> {
    const groups = await this.#timed('count-letters', async () =>
      this.#deadLetters.aggregate<Grouped>([
        { $match: match },
        {
          $group: {
            _id: { kind: '$kind', reason: '$reason', state: '$state' },
            count: { $sum: 1 },
            oldest: { $min: '$recorded_at' },
          },
        },
      ]),
    );
    return groups.map(({ _id, count, oldest }) => ({ ..._id, count, oldestAtMs: oldest.getTime() }));
  }

  async bySubscription(match: Conditions): Promise<ReadonlyMap<SubscriptionId | null, number>> {
    const groups = await this.#timed('count-letters', async () =>
      this.#deadLetters.aggregate<{ _id: string | null; count: number }>([
        { $match: match },
        { $group: { _id: '$subscription_id', count: { $sum: 1 } } },
      ]),
    );
    return new Map(groups.map(({ _id, count }) => [_id === null ? null : subscriptionId(_id), count]));
  }

  async undelivered(match: Conditions, limit: number): Promise<readonly UndeliveredCount[]> {
    const fields = { reason: 'reason', last: 'last_error', oldest: 'recorded_at' };
    const stages = groupUndelivered(match, fields, limit);
    const groups = await this.#timed('count-undelivered-letters', async () =>
      this.#deadLetters.aggregate<UndeliveredGroupDocument>(stages),
    );
    return countsOfGroups(groups);
  }
}
