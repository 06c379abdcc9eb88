import {
  type AttemptRecorded,
  decodeAttempt,
  encodeDelivery,
  encodeSubscription,
  type FailureReason,
  newSubscriptionId,
  topics,
} from '@tidings/contracts';
import { createEgress, type Egress, operatorPolicy, sendWithRepeat } from '@tidings/egress';
import { createMemoryBus } from '@tidings/kafka/testing';
import { createServiceContext, silentLogger } from '@tidings/observability';
import { loadConfig } from '@tidings/runtime';
import {
  answering,
  type Certificate,
  eventually,
  type Misbehaviour,
  type MisbehaviourName,
  makeAuthority,
  makeCertificate,
  misbehaviours,
  startHostileServer,
} from '@tidings/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aCommand, aSubscription, sealingKeys } from '../test/builders.ts';
import type { Engine } from './compose-engine.ts';
import { configSpec } from './config.ts';
import { metricsCatalogue } from './metrics.ts';
import { openEngine, startEngine } from './run-engine.ts';

const hour = 3_600_000;
const requestsEach = 3;

type World = Readonly<{
  egress: Egress;
  engine: Engine;
  /** Sends to the endpoint and returns the recorded attempts. */
  attempt(endpointUrl: string, timeoutMs: number): Promise<readonly AttemptRecorded[]>;
}>;

/** Starts the service with its real HTTP client, over a memory bus. */
const startWorld = async (): Promise<World> => {
  const config = loadConfig(configSpec, {
    KAFKA_BROKERS: 'memory:1',
    SEALING_KEYS: sealingKeys,
    DANGEROUSLY_ALLOWED_NETWORKS: '127.0.0.0/8',
    ALLOW_HTTP_ENDPOINTS: 'true',
  });
  const context = createServiceContext<typeof configSpec, typeof metricsCatalogue>({
    name: 'delivery',
    config,
    catalogue: metricsCatalogue,
    logger: silentLogger,
  });
  const bus = createMemoryBus();
  const egress = createEgress({ policy: operatorPolicy(config) });
  const opened = await openEngine(bus, (request) => sendWithRepeat(egress, request), context);
  await startEngine(opened, context);
  onTestFinished(async () => {
    await context.resources.close(5_000);
    await egress.close();
    await bus.close();
  });
  const producer = await bus.producer();
  const attempt: World['attempt'] = async (endpointUrl, timeoutMs) => {
    const id = newSubscriptionId(Date.now());
    const subscription = aSubscription({ id, endpointUrl, timeoutMs, retryScheduleSeconds: [5] });
    await producer.publish({ topic: topics.subscriptions, ...encodeSubscription(subscription) });
    const commands = Array.from({ length: requestsEach }, (_, n) => aCommand(n, { subscriptionId: id }));
    await producer.publishAll(
      commands.map((command) => ({ topic: topics.deliveries, ...encodeDelivery(command) })),
    );
    return eventually(() => {
      const attemptEvents = bus.records(topics.attempts).map(decodeAttempt);
      const own = attemptEvents.filter(({ subscriptionId }) => subscriptionId === id);
      expect(own).toHaveLength(requestsEach);
      return own;
    });
  };
  return { egress, engine: opened.engine, attempt };
};

type Resolution = Readonly<{ outcome: 'delivered' | FailureReason; next: AttemptRecorded['next']['kind'] }>;

const delivered: Resolution = { outcome: 'delivered', next: 'none' };
const retried = (outcome: FailureReason): Resolution => ({ outcome, next: 'retry' });

const resolutionOf = ({ outcome, next }: AttemptRecorded): Resolution => ({
  outcome: outcome.kind === 'failed' ? outcome.reason : 'delivered',
  next: next.kind,
});

const resolutions: Readonly<Record<MisbehaviourName, Resolution>> = {
  blackhole: retried('timeout'),
  'reset-before-answer': retried('reset'),
  'close-before-answer': retried('reset'),
  'reset-mid-body': retried('reset'),
  'close-mid-body': retried('reset'),
  'close-mid-body-as-announced': retried('reset'),
  'close-mid-header': retried('reset'),
  'slow-headers': retried('timeout'),
  'slow-body': retried('timeout'),
  'endless-body': delivered,
  'endless-close-delimited-body': delivered,
  'ten-gigabytes': delivered,
  'ten-gigabytes-announced': retried('timeout'),
  'gzip-bomb': delivered,
  'never-closes': retried('timeout'),
  'half-close': delivered,
  'half-close-before-answer': retried('reset'),
  'http-1.0': delivered,
  'informational-flood': retried('protocol'),
  'early-hints-then-answer': delivered,
  'continue-then-stall': retried('timeout'),
  'processing-then-stall': retried('timeout'),
  'body-on-204': delivered,
  'answer-in-advance': delivered,
  'header-flood': retried('protocol'),
  'huge-header': retried('protocol'),
  'trailer-flood': retried('protocol'),
  'chunk-extension-flood': retried('protocol'),
  'invalid-header-bytes': retried('protocol'),
  'invalid-status-line': retried('protocol'),
  'invalid-chunk': retried('protocol'),
  'two-lengths': retried('protocol'),
  'not-http': retried('protocol'),
  'unasked-upgrade': retried('protocol'),
  'late-success': retried('timeout'),
  'alternative-service': delivered,
};

/** Sends to a server, checks the records and the decision, and that no connection stays open. */
const expectResolution = async (
  server: Readonly<{ url: string; open: () => number }>,
  expected: Resolution,
): Promise<readonly AttemptRecorded[]> => {
  const { egress, engine, attempt } = await startWorld();
  const attemptEvents = await attempt(`${server.url}/`, expected.outcome === 'timeout' ? 400 : 10_000);
  expect(attemptEvents.map(resolutionOf)).toEqual(Array.from({ length: requestsEach }, () => expected));
  await eventually(() => {
    expect(server.open()).toBe(egress.stats().idle);
    expect(engine.dispatcher.queue.inFlight + engine.dispatcher.unrecorded).toBe(0);
  });
  return attemptEvents;
};

const hostile = async (behave: MisbehaviourName | Misbehaviour, tls?: Certificate) =>
  startHostileServer({ behave, ...(tls && { tls }), cleanUp: onTestFinished });

describe('an endpoint that misbehaves', () => {
  it('is in the table', () => {
    expect(Object.keys(resolutions).toSorted()).toEqual(Object.keys(misbehaviours).toSorted());
  });

  it.each(Object.entries(resolutions) as [MisbehaviourName, Resolution][])(
    '%s: is recorded as expected, retried or not, and leaves no socket open',
    async (behave, expected) => {
      await expectResolution(await hostile(behave), expected);
    },
  );

  it.each([300, 301, 302, 303, 304, 305, 307, 308])('responds %i: a failure, retried', async (status) => {
    const server = await hostile(answering(status, { location: 'http://127.0.0.1:1/' }));
    await expectResolution(server, retried('redirect'));
  });

  it('responds 410: gone, and not retried', async () => {
    await expectResolution(await hostile(answering(410)), { outcome: 'gone', next: 'dead-letter' });
  });

  it.each([
    [429, 'rate-limited'],
    [503, 'http-status'],
  ] as const)('responds %i with Retry-After: retried, and not before', async (status, reason) => {
    const server = await hostile(answering(status, { 'retry-after': '3600' }));
    const attemptEvents = await expectResolution(server, retried(reason));
    for (const { next, atMs } of attemptEvents) {
      expect(next.kind === 'retry' && next.atMs).toBeGreaterThanOrEqual(atMs + hour);
    }
  });

  const cutShort =
    (status: number, header = ''): Misbehaviour =>
    (socket) =>
      socket.end(`HTTP/1.1 ${status} Status\r\n${header}Content-Length: 40\r\n\r\nhalf`);

  it('responds 410 with a truncated body: gone, and not retried', async () => {
    await expectResolution(await hostile(cutShort(410)), { outcome: 'gone', next: 'dead-letter' });
  });

  it.each([429, 503])(
    'responds %i with Retry-After and a truncated body: not retried before',
    async (status) => {
      const server = await hostile(cutShort(status, 'Retry-After: 3600\r\n'));
      for (const { next, atMs } of await expectResolution(server, retried('reset'))) {
        expect(next.kind === 'retry' && next.atMs).toBeGreaterThanOrEqual(atMs + hour);
      }
    },
  );

  it('refuses the connection: retried', async () => {
    const server = await hostile('blackhole');
    await server.close();
    await expectResolution(server, retried('refused'));
  });

  it.each<[string, () => Certificate]>([
    ['expired', () => makeCertificate({ hosts: ['127.0.0.1'], notAfterMs: Date.now() - hour })],
    ['self-signed', () => makeCertificate({ hosts: ['127.0.0.1'] })],
    ['for another name', () => makeAuthority().issue({ hosts: ['other.example'] })],
  ])('presents a certificate that is %s: retried', async (_, make) => {
    await expectResolution(await hostile(answering(204), make()), retried('tls'));
  });
});
