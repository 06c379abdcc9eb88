import type { SubscriptionId } from '@tidings/contracts';
import type { Subscription } from '../domain/subscription.ts';
import type { Listed, ListQuery, Reach, Stretch, SubscriptionStore } from '../ports.ts';
import { fromDocument, readSubscriptionDocument, toDocument } from './subscription-document.ts';

const isWithin = (reach: Reach, subscription: Subscription): boolean =>
  subscription.workspaceId === reach.workspaceId &&
  (reach.consumerId === null || subscription.consumerId === reach.consumerId);

/** The registry in memory, for tests: documents go through the same schema as those of MongoDB. */
export class MemorySubscriptionStore implements SubscriptionStore {
  readonly #documents = new Map<SubscriptionId, string>();

  async insert(subscription: Subscription): Promise<boolean> {
    if (this.#documents.has(subscription.id)) return false;
    this.#put(subscription);
    return true;
  }

  async replace(next: Subscription, expected: number): Promise<boolean> {
    const current = this.#get(next.id);
    if (current?.version !== expected || current.workspaceId !== next.workspaceId) return false;
    this.#put(next);
    return true;
  }

  async find(reach: Reach, id: SubscriptionId): Promise<Subscription | null> {
    const found = this.#get(id);
    return found !== undefined && isWithin(reach, found) ? found : null;
  }

  async findAnywhere(id: SubscriptionId): Promise<Subscription | null> {
    return this.#get(id) ?? null;
  }

  async list(reach: Reach, query: ListQuery): Promise<Listed> {
    const { consumerId, patterns, states, afterId } = query;
    const wanted = this.#all().filter(
      (one) =>
        isWithin(reach, one) &&
        states.includes(one.state) &&
        (consumerId === null || one.consumerId === consumerId) &&
        (patterns === null || one.settings.events.some((event) => patterns.includes(event))) &&
        (afterId === null || one.id < afterId),
    );
    return page(wanted.reverse(), query.limit);
  }

  async count(workspaceId: string, atMost: number): Promise<number> {
    const alive = this.#all().filter((one) => one.workspaceId === workspaceId && one.state !== 'deleted');
    return Math.min(alive.length, atMost);
  }

  async listAll(stretch: Stretch): Promise<Listed> {
    return this.#stretch(stretch, () => true);
  }

  async listUnpublished(stretch: Stretch): Promise<Listed> {
    return this.#stretch(stretch, ({ isUnpublished }) => isUnpublished);
  }

  async listWithEndedSecrets(query: Stretch & Readonly<{ nowMs: number }>): Promise<Listed> {
    return this.#stretch(query, ({ secrets }) =>
      secrets.some(({ expiresAtMs }) => expiresAtMs !== null && expiresAtMs <= query.nowMs),
    );
  }

  async listDeletedBefore(query: Stretch & Readonly<{ deletedBeforeMs: number }>): Promise<Listed> {
    return this.#stretch(
      query,
      ({ state, deletedAtMs }) => state === 'deleted' && (deletedAtMs ?? Infinity) < query.deletedBeforeMs,
    );
  }

  async markPublished(id: SubscriptionId, version: number): Promise<void> {
    const current = this.#get(id);
    if (current?.version === version) this.#put({ ...current, isUnpublished: false });
  }

  async purge(id: SubscriptionId, version: number): Promise<void> {
    const current = this.#get(id);
    if (current?.version === version && current.state === 'deleted') this.#documents.delete(id);
  }

  #stretch({ afterId, limit }: Stretch, isWanted: (subscription: Subscription) => boolean): Listed {
    return page(
      this.#all().filter((one) => (afterId === null || one.id > afterId) && isWanted(one)),
      limit,
    );
  }

  #all(): Subscription[] {
    const ids = [...this.#documents.keys()].sort();
    return ids.flatMap((id) => this.#get(id) ?? []);
  }

  #get(id: SubscriptionId): Subscription | undefined {
    const json = this.#documents.get(id);
    return json === undefined ? undefined : fromDocument(readSubscriptionDocument(JSON.parse(json)));
  }

  #put(subscription: Subscription): void {
    this.#documents.set(subscription.id, JSON.stringify(toDocument(subscription)));
  }
}

function page(found: readonly Subscription[], limit: number): Listed {
  const items = found.slice(0, limit);
  return { items, nextAfterId: found.length > limit ? (items.at(-1)?.id ?? null) : null };
}
