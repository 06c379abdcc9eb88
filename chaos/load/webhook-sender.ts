import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { HistoryWriter } from '../history/history-writer.ts';
import type { ChaosApi } from '../run/chaos-api.ts';
import type { Random } from '../run/random.ts';
import { inboundShare, inboundType } from './endpoints.ts';
import { mayBeRepeated } from './may-be-repeated.ts';
import { signWebhook } from './sign-webhook.ts';

/** A source with a spool, and the ingress instance that receives its webhooks: the order of a key holds through one instance. */
type Source = Readonly<{ id: string; origin: string; secret: string }>;

/** A webhook that a source has accepted. */
type Webhook = Readonly<{ source: Source; number: number; id: string; body: string }>;

export type WebhookSenderOptions = Readonly<{
  history: HistoryWriter;
  random: Random;
  seed: number;
  /** Events a second that are published; webhooks are a share of that on top. */
  rate: number;
  /** Ends it at once: what was sent and not accepted is not repeated. */
  giveUp: AbortSignal;
}>;

const keysOfSource = 4;
// Above every number of a published event.
const firstNumber = 1_000_000_000;
const repeatedShare = 0.2;
const repeatWithinMs = 10_000;
const concurrentRepeats = 4;

/**
 * A provider that sends webhooks to sources, and repeats each until it is answered with 2xx, always under one id. Some it sends again
 * though they were accepted.
 */
export class WebhookSender {
  readonly #options: WebhookSenderOptions;
  readonly #sources: Source[] = [];
  readonly #accepted: Webhook[] = [];
  readonly #statuses = new Map<number | null, number>();
  #next = firstNumber;

  constructor(options: WebhookSenderOptions) {
    this.#options = options;
  }

  /** Creates a source for each instance of ingress. `services` are URLs by the name of their instance. */
  async create(api: ChaosApi, services: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, origin] of Object.entries(services)) {
      if (!/^ingress(-\d+)?$/.test(name)) continue;
      const secret = `whsec_${randomBytes(32).toString('base64')}`;
      const { id } = await api.request('POST', '/v1/webhooks/sources', {
        ...{ provider: 'standard-webhooks', name, secrets: [secret], audience: 'broadcast', spool: true },
        options: { ordering_key: '/key' },
      });
      this.#sources.push({ id: String(id), origin, secret });
    }
  }

  /** Returns how many webhooks were answered by the log (200), by the spool (202), not now (503), and not at all. */
  get summary(): string {
    const count = (status: number | null): number => this.#statuses.get(status) ?? 0;
    return `webhooks: ${count(200)} in the log, ${count(202)} in a spool, ${count(503)} refused with 503, ${count(null)} without an answer`;
  }

  /** Sends until the signal ends it, the next webhook of a key once the one before is accepted. Resolves when the last one is. */
  async sendUntil(signal: AbortSignal): Promise<void> {
    const keys = this.#sources.flatMap((source) =>
      Array.from({ length: keysOfSource }, (_, index) => ({ source, key: `key-${index}` })),
    );
    const intervalMs = (keys.length * 1_000) / (inboundShare * this.#options.rate);
    await Promise.all(
      keys.map(async ({ source, key }) => {
        while (!signal.aborted) {
          const startedAt = Date.now();
          await this.#sendNew(source, key);
          await pause(Math.max(0, intervalMs - (Date.now() - startedAt)));
        }
      }),
    );
  }

  /**
   * Sends up to `count` accepted webhooks again, once nothing waits any more, and writes each down: none of them may be delivered again.
   */
  async repeat(count: number): Promise<void> {
    const { random, history } = this.#options;
    const repeated = Array.from({ length: Math.min(count, this.#accepted.length) }, () => {
      const [webhook] = this.#accepted.splice(random.between(0, this.#accepted.length - 1), 1);
      return webhook;
    }).filter((webhook) => webhook !== undefined);
    const workers = Array.from({ length: concurrentRepeats }, async () => {
      for (let webhook = repeated.pop(); webhook !== undefined; webhook = repeated.pop()) {
        history.write({ kind: 'repeat', number: webhook.number, at: Date.now() });
        await this.#sendUntilAccepted(webhook);
      }
    });
    await Promise.all(workers);
  }

  async #sendNew(source: Source, key: string): Promise<void> {
    const { history, random, seed } = this.#options;
    const number = this.#next++;
    const text = 'ä'.repeat(random.between(1, 1_000));
    const body = `{"type":"chaos","key":"${key}","number":${number},"text":"${text}", "exact":9007199254740993}`;
    const webhook = { source, number, id: `chaos-${seed}-${number}`, body };
    history.write({
      ...({ kind: 'input', number, at: Date.now(), eventType: inboundType } as const),
      ...{ orderingKey: `${source.id} ${key}`, consumer: null, data: body },
    });
    await this.#sendUntilAccepted(webhook);
    history.write({ kind: 'accepted', number, at: Date.now(), eventId: null });
    this.#accepted.push(webhook);
    if (random.next() >= repeatedShare) return;
    const again = pause(random.between(0, repeatWithinMs), undefined, { signal: this.#options.giveUp });
    // Whatever becomes of it, and also after the end.
    again.then(() => this.#send(webhook)).catch(() => undefined);
  }

  /** Throws if it is refused for what it is, and the reason of the signal once that has ended it. */
  async #sendUntilAccepted(webhook: Webhook): Promise<void> {
    for (;;) {
      this.#options.giveUp.throwIfAborted();
      const status = await this.#send(webhook);
      this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
      if (status === 200 || status === 202) return;
      // Until the first one is accepted, the instance may not know the source yet.
      const isNew = status === 404 && this.#accepted.every(({ source }) => source !== webhook.source);
      const isTransient = status === null || mayBeRepeated(status);
      if (!isTransient && !isNew) throw new Error(`a webhook was refused with ${status}`);
      await pause(250);
    }
  }

  /** Returns the status of the response; null: there was none. */
  async #send({ source, id, body }: Webhook): Promise<number | null> {
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const response = await fetch(`${source.origin}/v1/sources/${source.id}`, {
      method: 'POST',
      headers: {
        ...{ 'content-type': 'application/json', 'webhook-id': id, 'webhook-timestamp': timestamp },
        'webhook-signature': signWebhook(source.secret, { id, timestamp, body }),
      },
      body,
      signal: AbortSignal.timeout(20_000),
    }).catch(() => null);
    const isWhole = await response?.arrayBuffer().then(
      () => true,
      () => false,
    );
    return isWhole ? (response?.status ?? null) : null;
  }
}
