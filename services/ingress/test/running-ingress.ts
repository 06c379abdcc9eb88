import { decodeEvent, type EventAccepted, topics } from '@tidings/contracts';
import { connectKafka, type IncomingRecord } from '@tidings/kafka';
import { createServiceContext, silentLogger } from '@tidings/observability';
import { loadConfig } from '@tidings/runtime';
import { eventually, publishTestKey } from '@tidings/testing';
import { expect, onTestFinished } from 'vitest';
import { configSpec } from '../src/config.ts';
import { metricsCatalogue } from '../src/metrics.ts';
import { startIngress } from '../src/service.ts';
import { sealingKeys } from './memory-ingress.ts';

const adminKey = 'a-key-of-sixteen-characters';

/** Headers of an authorized request. */
export const requestHeaders = {
  authorization: `Bearer ${adminKey}`,
  'content-type': 'application/json',
} as const;

/** A response with its parsed JSON. */
export type Answer = Readonly<{
  status: number;
  headers: Headers;
  body: Readonly<{
    id?: string;
    detail?: string;
    results?: readonly Readonly<{ status: number; id?: string }>[];
  }>;
}>;

async function publishKey(brokers: readonly string[], spool: boolean): Promise<void> {
  const bus = await connectKafka({ brokers, clientId: 'tidings-test', logger: silentLogger });
  await publishTestKey(await bus.producer(), { key: adminKey, workspaceId: 'ws_ingress', spool });
  await bus.close();
}

/**
 * Starts ingress in this process on a free port and closes it when the test ends. Publishes
 * its key first, unless there are no brokers; `spooling`: one whose events may be spooled.
 */
export async function startRunningIngress(
  brokers: readonly string[],
  env: Record<string, string> = {},
  key: 'published' | 'spooling' | 'nowhere' = 'published',
) {
  const config = loadConfig(configSpec, {
    KAFKA_BROKERS: brokers.join(','),
    SEALING_KEYS: sealingKeys,
    ...env,
  });
  const context = createServiceContext<typeof configSpec, typeof metricsCatalogue>({
    name: 'ingress',
    config,
    catalogue: metricsCatalogue,
  });
  onTestFinished(async () => context.resources.close(3_000));
  if (key !== 'nowhere') await publishKey(brokers, key === 'spooling');
  const { url } = await startIngress(context);
  const post = async (path: string, body: string, headers: Record<string, string> = {}): Promise<Answer> => {
    const init = { method: 'POST', headers: { ...requestHeaders, ...headers }, body };
    const response = await fetch(`${url}${path}`, init);
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Answer['body'],
    };
  };
  const whenReady = async (): Promise<void> =>
    eventually(async () => expect((await fetch(`${url}/ready`)).status).toBe(200));
  return { url, post, whenReady };
}

/** A record of the events topic with its decoded event. */
export type LoggedEvent = Readonly<{ record: IncomingRecord; event: EventAccepted }>;

/** Returns all current records of the events topic that have one of these ids. */
export async function readEvents(
  brokers: readonly string[],
  ids: ReadonlySet<string>,
): Promise<readonly LoggedEvent[]> {
  const bus = await connectKafka({ brokers, clientId: 'tidings-test', logger: silentLogger });
  const found: LoggedEvent[] = [];
  try {
    await bus.readRange({
      topic: topics.events,
      partitions: [...Array(topics.events.partitions).keys()],
      from: { timestampMs: 0 },
      onRecord: (record) => {
        if (ids.has(record.headers['ce_id'] ?? '')) found.push({ record, event: decodeEvent(record) });
      },
      service: 'ingress-test',
    });
  } finally {
    await bus.close();
  }
  return found;
}
