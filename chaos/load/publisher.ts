import { setTimeout as pause } from 'node:timers/promises';
import type { HistoryWriter } from '../history/history-writer.ts';
import type { Random } from '../run/random.ts';
import { consumers, limitedShare, limitedType, eventType as mostEvents } from './endpoints.ts';
import { mayBeRepeated } from './may-be-repeated.ts';

/** The public origin and a key that may publish. */
export type Origin = Readonly<{ url: string; key: string }>;

/**
 * Sends one event until it is accepted, always under one id. Returns its event id. Throws if it is refused for what it is, and the
 * reason of the signal once that has ended it.
 */
const publish = async ({ url, key }: Origin, event: string, giveUp: AbortSignal): Promise<string> => {
  for (;;) {
    giveUp.throwIfAborted();
    const response = await fetch(`${url}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: event,
      signal: AbortSignal.timeout(20_000),
    }).catch(() => null);
    const text = (await response?.text().catch(() => '')) ?? '';
    if (response?.status === 202 && text !== '') return (JSON.parse(text) as { id: string }).id;
    // The answer of an accepted one was cut off.
    const isTransient = response === null || response.status === 202 || mayBeRepeated(response.status);
    if (!isTransient) throw new Error(`an event was refused with ${response.status}: ${text.slice(0, 300)}`);
    await pause(100);
  }
};

export type PublisherOptions = Readonly<{
  origin: Origin;
  history: HistoryWriter;
  random: Random;
  seed: number;
  /** Events a second, of all ordering keys together. */
  rate: number;
  signal: AbortSignal;
  /** Ends it at once: what was sent and not accepted is not repeated. */
  giveUp: AbortSignal;
}>;

const orderingKeys = 8;

/**
 * Publishes until the signal ends it, each ordering key on its own: the next event of a key is sent once the one before is accepted, so
 * that their numbers have the order of the log. Resolves when the last one is accepted.
 */
export const publishUntil = async ({
  origin,
  history,
  random,
  seed,
  rate,
  signal,
  giveUp,
}: PublisherOptions): Promise<void> => {
  let next = 0;
  const intervalMs = (orderingKeys * 1_000) / rate;
  const publishKey = async (orderingKey: string | null): Promise<void> => {
    while (!signal.aborted) {
      const startedAt = Date.now();
      next += 1;
      const number = next;
      const consumer = random.pick([null, null, ...consumers]);
      const data = `{"number":${number},"text":"${'ä'.repeat(random.between(1, 60))}", "exact":9007199254740993}`;
      const eventType = random.next() < limitedShare ? limitedType : mostEvents;
      history.write({ kind: 'input', number, at: startedAt, eventType, orderingKey, consumer, data });
      const settings = {
        id: `chaos-${seed}-${number}`,
        type: eventType,
        ordering_key: orderingKey,
        consumer_id: consumer,
      };
      const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== null));
      const head = JSON.stringify(given).slice(0, -1);
      const eventId = await publish(origin, `${head},"data":${data}}`, giveUp);
      history.write({ kind: 'accepted', number, at: Date.now(), eventId });
      await pause(Math.max(0, intervalMs - (Date.now() - startedAt)));
    }
  };
  const keys = Array.from({ length: orderingKeys }, (_, index) =>
    index < orderingKeys - 2 ? `key-${index}` : null,
  );
  await Promise.all(keys.map(publishKey));
};
