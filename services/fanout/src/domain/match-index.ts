import type {
  BodyFormat,
  ConsumerId,
  LargePayloads,
  SubscriptionId,
  SubscriptionRecord,
  WorkspaceId,
} from '@tidings/contracts';
import { isReservedEventType } from '@tidings/contracts';
import { interestsOf } from './subscription-interests.ts';

/** Evaluates the parsed data of an event. A throw counts as no match. */
export type Filter = (data: unknown) => boolean;

/**
 * The fields of a subscription that matching and fan-out need. Its URL, secrets and limits are used by delivery only.
 */
export type IndexedSubscription = Readonly<{
  id: SubscriptionId;
  workspaceId: WorkspaceId;
  consumerId: ConsumerId | null;
  version: number;
  isDisabled: boolean;
  /** True if it receives internal events too. */
  isInternal: boolean;
  isOrdered: boolean;
  format: BodyFormat;
  largePayloads: LargePayloads;
  filter: Filter | null;
}>;

/** The fields of a subscription record that the index reads. */
export type MatchRule = Pick<
  SubscriptionRecord,
  | 'id'
  | 'workspaceId'
  | 'consumerId'
  | 'kind'
  | 'state'
  | 'version'
  | 'events'
  | 'audience'
  | 'filters'
  | 'format'
  | 'ordering'
  | 'largePayloads'
>;

/** Compiles the filters of a subscription, once per version. */
export type CompileFilter = (filters: Readonly<Record<string, unknown>>) => Filter;

/** The fields of an event that matching reads. */
export type Matchable = Readonly<{
  workspaceId: WorkspaceId;
  eventType: string;
  consumerId: ConsumerId | null;
  audience?: 'internal';
  large?: object;
}>;

/** Subscriptions of one pattern, by the consumer that owns them (null: the workspace itself). */
type Members = Map<SubscriptionId, IndexedSubscription>;
type Audience = Map<ConsumerId | null, Members>;
type ByPattern = Map<string, Audience>;

/**
 * Patterns of a workspace. `prefixes` is the wildcard tree, flattened: `order.`
 * is the node of `order.*`, the root is `*`.
 */
type WorkspaceIndex = Readonly<{ names: ByPattern; prefixes: ByPattern; reserved: ByPattern }>;

const patternKinds = ['names', 'prefixes', 'reserved'] as const;

const isEmpty = (index: WorkspaceIndex): boolean => patternKinds.every((kind) => index[kind].size === 0);

const insert = (byPattern: ByPattern, pattern: string, subscription: IndexedSubscription): void => {
  const audience: Audience = byPattern.get(pattern) ?? new Map<ConsumerId | null, Members>();
  byPattern.set(pattern, audience);
  const members = audience.get(subscription.consumerId) ?? (new Map() as Members);
  audience.set(subscription.consumerId, members.set(subscription.id, subscription));
};

const erase = (byPattern: ByPattern, pattern: string, subscription: IndexedSubscription): void => {
  const audience = byPattern.get(pattern);
  const members = audience?.get(subscription.consumerId);
  if (audience === undefined || members === undefined) return;
  members.delete(subscription.id);
  if (members.size === 0) audience.delete(subscription.consumerId);
  if (audience.size === 0) byPattern.delete(pattern);
};

const collect = (
  audience: Audience | undefined,
  consumerId: ConsumerId | null,
  into: IndexedSubscription[],
): void => {
  if (audience === undefined) return;
  if (consumerId === null) {
    for (const members of audience.values()) for (const member of members.values()) into.push(member);
    return;
  }
  for (const owner of [consumerId, null]) {
    const members = audience.get(owner);
    if (members !== undefined) for (const member of members.values()) into.push(member);
  }
};

type Entry = Readonly<{ rule: MatchRule; subscription: IndexedSubscription }>;

/**
 * Finds the subscriptions that receive an event. Updated with each change. Contains disabled
 * subscriptions: events that occur while one is disabled belong to it too, and delivery dead-letters them
 * in order. Deleted ones are not contained.
 */
export class MatchIndex {
  readonly #workspaces = new Map<WorkspaceId, WorkspaceIndex>();
  readonly #entries = new Map<SubscriptionId, Entry>();

  readonly #compileFilter: CompileFilter;

  constructor(compileFilter: CompileFilter) {
    this.#compileFilter = compileFilter;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Adds or replaces the newest version of a subscription. */
  put(rule: MatchRule): void {
    this.remove(rule.id);
    if (rule.state === 'deleted') return;
    const subscription: IndexedSubscription = {
      id: rule.id,
      workspaceId: rule.workspaceId,
      consumerId: rule.consumerId,
      version: rule.version,
      isDisabled: rule.state === 'disabled',
      // The registry refuses it for a consumer; such a record would be none of its own.
      isInternal: rule.audience === 'internal' && rule.consumerId === null,
      isOrdered: rule.ordering !== 'none',
      format: rule.format,
      largePayloads: rule.largePayloads ?? 'full',
      filter: rule.filters === null ? null : this.#compileFilter(rule.filters),
    };
    this.#entries.set(rule.id, { rule, subscription });
    const index: WorkspaceIndex = this.#workspaces.get(rule.workspaceId) ?? {
      names: new Map(),
      prefixes: new Map(),
      reserved: new Map(),
    };
    this.#workspaces.set(rule.workspaceId, index);
    const interests = interestsOf(rule);
    for (const kind of patternKinds) {
      for (const pattern of interests[kind]) insert(index[kind], pattern, subscription);
    }
  }

  remove(id: SubscriptionId): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    const { rule, subscription } = entry;
    const index = this.#workspaces.get(rule.workspaceId);
    if (index === undefined) return;
    const interests = interestsOf(rule);
    for (const kind of patternKinds) {
      for (const pattern of interests[kind]) erase(index[kind], pattern, subscription);
    }
    if (isEmpty(index)) this.#workspaces.delete(rule.workspaceId);
  }

  /** Returns the subscriptions whose patterns and consumer match the event, each once. Filters are not applied yet. */
  candidates(event: Matchable): readonly IndexedSubscription[] {
    let found = this.#matching(event);
    if (event.audience === 'internal') found = found.filter(({ isInternal }) => isInternal);
    return event.large === undefined ? found : found.filter(({ largePayloads }) => largePayloads !== 'skip');
  }

  #matching({ workspaceId, eventType, consumerId }: Matchable): readonly IndexedSubscription[] {
    const found: IndexedSubscription[] = [];
    const index = this.#workspaces.get(workspaceId);
    if (index === undefined) return found;
    if (isReservedEventType(eventType)) {
      // Never broadcast: events about one subscription, or sent to test it, must not reach other consumers.
      const audience = index.reserved.get(eventType);
      if (consumerId !== null) collect(audience, consumerId, found);
      else if (eventType !== 'webhook.test') found.push(...(audience?.get(null)?.values() ?? []));
      return found;
    }
    collect(index.names.get(eventType), consumerId, found);
    if (index.prefixes.size === 0) return found;
    collect(index.prefixes.get(''), consumerId, found);
    for (let dot = eventType.indexOf('.'); dot !== -1; dot = eventType.indexOf('.', dot + 1)) {
      collect(index.prefixes.get(eventType.slice(0, dot + 1)), consumerId, found);
    }
    return found;
  }
}
