import { connect } from 'node:net';
import { decodeEvent, topics } from '@tidings/contracts';
import { createMemoryBus, type MemoryBus } from '@tidings/kafka/testing';
import { createServiceContext } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { loadConfig } from '@tidings/runtime';
import { publishTestKey, untilKeysLoaded } from '@tidings/testing';
import { onTestFinished } from 'vitest';
import { configSpec } from '../src/config.ts';
import { metricsCatalogue } from '../src/metrics.ts';
import { startIngress } from '../src/service.ts';

/** The key ring of the tests. */
export const sealingKeys = `test:${Buffer.alloc(32, 7).toString('base64')}`;

/** The key of the started ingress. */
export const adminKey = 'a-key-of-sixteen-characters';

/** A response with its parsed JSON, of any shape. */
export type MemoryResponse = Readonly<{ status: number; headers: Headers; body: never }>;

/** Starts ingress over a memory bus on a free port, with a key, and closes it when the test ends. */
export const startMemoryIngress = async (
  env: Record<string, string> = {},
  bus: MemoryBus = createMemoryBus(),
  { isAway = false } = {},
) => {
  const config = loadConfig(configSpec, {
    KAFKA_BROKERS: 'localhost:1',
    SEALING_KEYS: sealingKeys,
    INGRESS_PUBLISH_DEADLINE: '100ms',
    ...env,
  });
  const logger = recordingLogger();
  const context = createServiceContext<typeof configSpec, typeof metricsCatalogue>({
    name: 'ingress',
    config,
    catalogue: metricsCatalogue,
    logger,
  });
  if (!isAway) await publishTestKey(await bus.producer(), { key: adminKey, workspaceId: 'ws_demo' });
  const stop = async (): Promise<void> => context.resources.close(5_000);
  onTestFinished(stop);
  const { url } = await startIngress(context, async () => bus);
  if (!isAway) await untilKeysLoaded(url);
  const post = async (
    path: string,
    body: string | Buffer,
    headers: Record<string, string> = {},
  ): Promise<MemoryResponse> => {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminKey}`, 'content-type': 'application/json', ...headers },
      body,
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: JSON.parse(text) as never };
  };
  const logged = () => bus.records(topics.events).map((record) => ({ record, event: decodeEvent(record) }));
  return { url, bus, post, logged, logger, stop };
};

/** Writes the lines to the server unchanged and returns everything received until the server closes. */
export async function sendRaw(url: string, lines: readonly string[]): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(lines.join('\r\n')));
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString();
    });
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
}
