import { randomBytes } from 'node:crypto';
import type { Action } from '../faults/plan-faults.ts';
import type { HistoryWriter } from '../history/history-writer.ts';
import type { ChaosApi } from '../run/chaos-api.ts';
import type { Random } from '../run/random.ts';
import { consumers, endpointPlansFor } from './endpoints.ts';
import type { Receiver } from './receiver.ts';

const overlapSeconds = 120;
// What a replay sends again: as much in a run of minutes as in one of hours.
const replayedMs = 60_000;
const endedName = 'ended';
const path = '/v1/webhooks/subscriptions';

const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

export type SubscriptionsOptions = Readonly<{
  api: ChaosApi;
  history: HistoryWriter;
  random: Random;
  /** The URL of the endpoints. */
  receiverUrl: string;
  eventsPerSecond: number;
}>;

/** The subscriptions of a run: creates them, changes them while it runs, and writes down what was in force when. */
export class Subscriptions {
  readonly #api: ChaosApi;
  readonly #history: HistoryWriter;
  readonly #random: Random;
  readonly #receiverUrl: string;
  readonly #eventsPerSecond: number;
  readonly #ids = new Map<string, string>();
  #changes = 0;
  #switched: Promise<void> = Promise.resolve();

  constructor({ api, history, random, receiverUrl, eventsPerSecond }: SubscriptionsOptions) {
    this.#api = api;
    this.#history = history;
    this.#random = random;
    this.#receiverUrl = receiverUrl;
    this.#eventsPerSecond = eventsPerSecond;
  }

  /** Creates every subscription, and tells the endpoints how to behave. */
  async create(receiver: Pick<Receiver, 'behave'>): Promise<void> {
    for (const id of consumers) await this.#api.request('POST', '/v1/webhooks/consumers', { id });
    for (const plan of endpointPlansFor(this.#eventsPerSecond)) {
      const secret = newSecret();
      receiver.behave(`/${plan.name}`, plan.behaviour);
      const { ordering = 'none', maxInFlight = 10, rate = null, consumer, eventType, schedule } = plan;
      const created = await this.#api.request('POST', path, {
        ...{
          endpoint_url: `${this.#receiverUrl}/${plan.name}`,
          events: [eventType],
          secret,
          send_test: false,
        },
        ...{ ordering, max_in_flight: maxInFlight, timeout_seconds: 3 },
        ...(consumer !== null && { consumer_id: consumer }),
        ...(rate !== null && { rate_limit: { per_second: rate.perSecond, burst: rate.burst } }),
        retry_schedule: schedule,
      });
      const id = String(created['id']);
      const at = Date.now();
      this.#ids.set(plan.name, id);
      this.#history.write({
        ...({
          kind: 'subscription',
          at,
          id,
          endpoint: `/${plan.name}`,
          eventType,
          consumer,
          ordering,
          maxInFlight,
          retryScheduleSeconds: schedule,
        } as const),
        ...{ ratePerSecond: rate?.perSecond ?? null, rateBurst: rate?.burst ?? 0 },
      });
      this.#history.write({ kind: 'secret', subscription: id, secret, from: at - 60_000, until: null });
    }
  }

  /** Does what a user does meanwhile. What gets no answer is not repeated: whether it took effect is unknown, and is written down so. */
  async act({ fault }: Action, startedAt: number): Promise<void> {
    switch (fault) {
      case 'rotate-secret':
        return this.#rotate();
      case 'change-url':
        return this.#changeUrl();
      case 'disable':
      case 'enable':
      case 'delete':
        // One after the other: a request that is repeated for long must not be overtaken by the next one.
        this.#switched = this.#switched.then(() => this.#switch(fault));
        return this.#switched;
      case 'redrive':
        await this.#api.try('POST', '/v1/webhooks/dead-letters/redrive', {
          filter: { subscription_id: this.#idOf('rejecting') },
        });
        this.#history.write({
          kind: 'manual',
          action: 'redrive',
          at: Date.now(),
          subscription: this.#idOf('rejecting'),
        });
        return;
      case 'replay': {
        const subscription = this.#idOf('busy');
        this.#history.write({ kind: 'manual', action: 'replay', at: Date.now(), subscription });
        const target = { subscription_id: subscription };
        await this.#api.try('POST', '/v1/webhooks/replays', {
          from: new Date(Math.max(startedAt, Date.now() - replayedMs)).toISOString(),
          target,
        });
        return;
      }
    }
  }

  #idOf(name: string): string {
    const id = this.#ids.get(name);
    if (id === undefined) throw new Error(`there is no subscription '${name}'`);
    return id;
  }

  async #rotate(): Promise<void> {
    const subscription = this.#idOf(this.#random.pick(['steady', 'slow', 'flaky', 'ordered']));
    const secret = newSecret();
    // It may sign from the moment of the request on, whether or not an answer comes.
    this.#history.write({ kind: 'secret', subscription, secret, from: Date.now(), until: null });
    await this.#api.try('POST', `${path}/${subscription}/rotate-secret`, {
      secret,
      overlap_seconds: overlapSeconds,
    });
  }

  async #changeUrl(): Promise<void> {
    const name = this.#random.pick(['steady', 'slow', 'flaky', 'ordered']);
    this.#changes += 1;
    const endpoint_url = `${this.#receiverUrl}/${name}/${this.#changes}`;
    await this.#api.try('PATCH', `${path}/${this.#idOf(name)}`, { endpoint_url });
  }

  async #switch(fault: 'disable' | 'enable' | 'delete'): Promise<void> {
    const subscription = this.#idOf(endedName);
    const asked = Date.now();
    const request = { disable: 'POST', enable: 'POST', delete: 'DELETE' } as const;
    const to = ({ disable: 'disabled', enable: 'active', delete: 'deleted' } as const)[fault];
    const suffix = fault === 'delete' ? '' : `/${fault}`;
    const answer = await this.#api.request(
      request[fault],
      `${path}/${subscription}${suffix}`,
      fault === 'enable' ? {} : undefined,
    );
    const isInForce = answer['propagated'] === true || fault === 'delete';
    this.#history.write({ kind: 'switch', subscription, to, asked, at: isInForce ? Date.now() : null });
  }
}
