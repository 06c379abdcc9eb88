import type {
  AttemptRecord,
  DeadLetterRecord,
  FaultRecord,
  HistoryRecord,
  InputRecord,
  ManualRecord,
  RepeatRecord,
  RequestRecord,
  SecretRecord,
  SubscriptionRecord,
  SwitchRecord,
} from '../history/record.ts';

/** The parts of a webhook's body (format `standard`) that the checker reads. */
export type Webhook = Readonly<{ eventId: string; eventType: string; number: number }>;

/** A request together with what it carried; `webhook` is null if its body is none of this suite. */
export type SeenRequest = RequestRecord & Readonly<{ index: number; webhook: Webhook | null }>;

/** One accepted event for one subscription that matches it. */
export type Expected = Readonly<{ input: InputRecord; eventId: string; subscription: SubscriptionRecord }>;

const group = <T, K>(items: readonly T[], keyOf: (item: T) => K): ReadonlyMap<K, readonly T[]> => {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const members = groups.get(key);
    if (members === undefined) groups.set(key, [item]);
    else members.push(item);
  }
  return groups;
};

const webhookOf = (body: string): Webhook | null => {
  try {
    const { id, type, data } = JSON.parse(body) as {
      id?: unknown;
      type?: unknown;
      data?: { number?: unknown };
    };
    if (typeof id !== 'string' || typeof type !== 'string' || typeof data?.number !== 'number') return null;
    return { eventId: id, eventType: type, number: data.number };
  } catch {
    return null;
  }
};

/** Returns whether a subscription receives an event: its type, and no other consumer's. An event without a consumer is for all. */
export const receives = (subscription: SubscriptionRecord, input: InputRecord): boolean =>
  subscription.eventType === input.eventType &&
  (input.consumer === null || subscription.consumer === null || subscription.consumer === input.consumer);

/** Returns whether the endpoint accepted a request: 2xx. */
export const isSuccess = ({ status }: Pick<RequestRecord, 'status'>): boolean =>
  status !== null && status >= 200 && status < 300;

/** Returns the name of a delivery: an event for a subscription. */
export const deliveryOf = (subscription: string, event: string): string => `${subscription} ${event}`;

/** A process that was thought dead may go on for a session, and its replacement begins before that. */
export const takeoverMs = 30_000;

/** The records of a run, indexed for the checks. */
export class RunHistory {
  readonly seed: number;
  readonly inFlightLimit: number;
  readonly subscriptions: ReadonlyMap<string, SubscriptionRecord>;
  readonly byEndpoint: ReadonlyMap<string, SubscriptionRecord>;
  readonly secrets: ReadonlyMap<string, readonly SecretRecord[]>;
  readonly switches: ReadonlyMap<string, readonly SwitchRecord[]>;
  readonly inputs: ReadonlyMap<number, InputRecord>;
  /** The id of each accepted event. What a source accepted has the id under which it arrived first. */
  readonly eventIds: ReadonlyMap<number, string>;
  readonly requests: readonly SeenRequest[];
  readonly byWebhookId: ReadonlyMap<string, readonly SeenRequest[]>;
  readonly #atEndpoint: ReadonlyMap<string, readonly SeenRequest[]>;
  readonly attempts: ReadonlyMap<string, readonly AttemptRecord[]>;
  readonly deadLetters: readonly DeadLetterRecord[];
  readonly faults: readonly FaultRecord[];
  /** Those after which what was in flight may be sent again. */
  readonly repeatingFaults: readonly FaultRecord[];
  /** The largest difference between two clocks of the system, in ms: its own times are wrong by at most that. */
  readonly clockErrorMs: number;
  readonly manual: readonly ManualRecord[];
  readonly repeats: readonly RepeatRecord[];

  constructor(records: readonly HistoryRecord[]) {
    const of = <K extends HistoryRecord['kind']>(kind: K) =>
      records.filter((record): record is Extract<HistoryRecord, { kind: K }> => record.kind === kind);
    const [run, ...others] = of('run');
    if (run === undefined || others.length > 0)
      throw new Error(
        `a history has one record of kind 'run', this one has ${others.length + (run ? 1 : 0)}`,
      );
    this.seed = run.seed;
    this.inFlightLimit = run.inFlightLimit;
    this.subscriptions = new Map(of('subscription').map((each) => [each.id, each]));
    this.byEndpoint = new Map(of('subscription').map((each) => [each.endpoint, each]));
    this.secrets = group(of('secret'), ({ subscription }) => subscription);
    this.switches = group(of('switch'), ({ subscription }) => subscription);
    this.inputs = new Map(of('input').map((each) => [each.number, each]));
    this.requests = of('request')
      .toSorted((a, b) => a.at - b.at)
      .map((request, index) => ({ ...request, index, webhook: webhookOf(request.body) }));
    const seen = new Map(
      this.requests
        .toReversed()
        .flatMap(({ webhook }) => (webhook ? [[webhook.number, webhook.eventId]] : [])),
    );
    this.eventIds = new Map(
      of('accepted').map(({ number, eventId }) => [number, eventId ?? seen.get(number) ?? 'no id seen']),
    );
    this.repeats = of('repeat');
    this.byWebhookId = group(this.requests, ({ webhookId }) => webhookId);
    this.#atEndpoint = group(this.requests, ({ endpoint }) => endpoint);
    this.attempts = group(
      of('attempt').toSorted((a, b) => a.at - b.at),
      ({ delivery }) => delivery,
    );
    this.deadLetters = of('dead-letter');
    this.faults = of('fault');
    this.repeatingFaults = this.faults.filter(({ canRepeat }) => canRepeat);
    const steps = [0, ...this.faults.map(({ stepMs }) => stepMs)];
    this.clockErrorMs = Math.max(...steps) - Math.min(...steps);
    this.manual = of('manual');
  }

  /** The wait that the schedule of a subscription sets after a failed attempt, at least. */
  waitMsAfter(subscription: string, attempt: number): number {
    return (this.subscriptions.get(subscription)?.retryScheduleSeconds[attempt - 1] ?? 0) * 1_000;
  }

  /** The faults that can repeat something and were in force at any time between two times. */
  repeatingBetween(from: number, to: number): number {
    return this.repeatingFaults.filter(({ at, until }) => at <= to && until >= from).length;
  }

  /** Returns the requests that arrived at an endpoint, in their order. */
  requestsAt(endpoint: string): readonly SeenRequest[] {
    return this.#atEndpoint.get(endpoint) ?? [];
  }

  /** Every accepted event for each subscription that receives it and that was neither disabled nor deleted. */
  *expected(): Generator<Expected> {
    for (const [number, eventId] of this.eventIds) {
      const input = this.inputs.get(number);
      if (input === undefined) continue;
      for (const subscription of this.subscriptions.values()) {
        const isSwitched = this.switches.has(subscription.id);
        if (!isSwitched && subscription.at <= input.at && receives(subscription, input))
          yield { input, eventId, subscription };
      }
    }
  }

  /** Returns whether somebody asked for webhooks of this subscription again between two times. */
  isSentAgain(subscription: string, from: number, to: number): boolean {
    return this.manual.some(
      (each) =>
        (each.subscription === null || each.subscription === subscription) &&
        each.at >= from &&
        each.at <= to,
    );
  }
}
