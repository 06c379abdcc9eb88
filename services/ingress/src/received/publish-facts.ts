import { encodeWebhookReceived, topics, type WebhookReceived } from '@tidings/contracts';
import type { Producer } from '@tidings/kafka';
import type { Logger, Metrics } from '@tidings/observability';
import { messageOf } from '@tidings/runtime';
import type { metricsCatalogue } from '../metrics.ts';

/** Dependencies of writing facts. */
export type FactOutput = Readonly<{
  producer: Pick<Producer, 'publishAll'>;
  logger: Logger;
  metrics: Pick<Metrics<typeof metricsCatalogue>['handles'], 'receivedFacts'>;
}>;

const factsDeadlineMs = 10_000;

/**
 * Writes facts. Those that the log does not acknowledge in time are dropped, and counted: no webhook waits for them.
 * Rejects, and drops none, only if the signal is aborted.
 */
export async function publishFacts(
  { producer, logger, metrics }: FactOutput,
  facts: readonly WebhookReceived[],
  options: Readonly<{ deadlineMs?: number; signal?: AbortSignal }> = {},
): Promise<void> {
  if (facts.length === 0) return;
  const records = facts.map((fact) => ({ topic: topics.received, ...encodeWebhookReceived(fact) }));
  try {
    await producer.publishAll(records, { deadlineMs: factsDeadlineMs, ...options });
    metrics.receivedFacts.inc({ outcome: 'written' }, facts.length);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    metrics.receivedFacts.inc({ outcome: 'dropped' }, facts.length);
    logger.warn({ facts: facts.length, detail: messageOf(error) }, 'webhook.facts-dropped');
  }
}
