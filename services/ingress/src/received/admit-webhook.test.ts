import { connect } from 'node:net';
import { InboundHeaders, providers } from '@tidings/inbound';
import { createMetrics } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { fakeClock } from '@tidings/runtime/testing';
import { eventually } from '@tidings/testing';
import { describe, expect, it } from 'vitest';
import { aSource, github, id, named, path, ring, sampleOf, start } from '../../test/source-harness.ts';
import { UploadSlots } from '../large-data/upload-slots.ts';
import { metricsCatalogue } from '../metrics.ts';
import { createReceiveWebhook } from './receive-webhook.ts';

/**
 * Sends the head of a request that announces a body, and never the body. Returns the status line, which only comes if
 * the body was not awaited.
 */
async function sendHead(url: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      const fields = Object.entries({ host: 'here', ...headers }).map(([name, value]) => `${name}: ${value}`);
      socket.write([`POST ${path} HTTP/1.1`, ...fields, '', ''].join('\r\n'));
    });
    socket.setEncoding('utf8').once('data', (text: string) => {
      resolve(text.split('\r\n', 1)[0] ?? '');
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

const announced = { 'content-type': 'application/json', 'content-length': '100000' };
const stale = String(Math.floor(Date.now() / 1_000) - 301);
const staleHeaders = {
  stripe: { 'stripe-signature': `t=${stale},v1=00` },
  slack: { 'x-slack-signature': 'v0=00', 'x-slack-request-timestamp': stale },
  'standard-webhooks': { 'webhook-id': 'a', 'webhook-timestamp': stale, 'webhook-signature': 'v1,aa' },
} as const;

describe.each(named)('a webhook of %s', (_name, sample) => {
  it('without a signature is refused before its body is read', async () => {
    const { url, metric } = await start(sample);
    expect(await sendHead(url, announced)).toBe('HTTP/1.1 401 Unauthorized');
    expect(await metric('tidings_ingress_webhooks_total')).toMatchObject([
      /outcome="missing-signature".* 1$/,
    ]);
  });
});

it.each(Object.entries(staleHeaders))(
  'a stale one of %s is refused before its body is read',
  async (provider, headers) => {
    const [, sample] = named.find(([, one]) => one.provider === provider) ?? [];
    if (sample === undefined) throw new Error(`there is no sample of ${provider}`);
    const { url, facts } = await start(sample);
    expect(await sendHead(url, { ...announced, ...headers })).toBe('HTTP/1.1 401 Unauthorized');
    await eventually(() =>
      expect(facts()).toMatchObject([{ reason: 'timestamp-out-of-range', bytes: null }]),
    );
  },
);

it('refuses a repeated header before the body is read', async () => {
  const { url, facts } = await start(github);
  const twice = { 'x-hub-signature-256': 'sha256=00', 'X-Hub-Signature-256': 'sha256=00' };
  expect(await sendHead(url, { ...announced, ...twice })).toBe('HTTP/1.1 401 Unauthorized');
  await eventually(() => expect(facts()).toMatchObject([{ reason: 'repeated-header' }]));
});

describe('the log of what a source received', () => {
  it('has accepted webhooks with their events, and refused ones with the reason and without their content', async () => {
    const { deliver, facts, logged, bus } = await start(github);
    await deliver();
    await deliver({}, github.wrongSecret);
    await deliver({ headers: { 'content-type': 'text/plain' } });
    await deliver({ body: Buffer.alloc(1_000_001, 0x20) });
    await eventually(() => expect(facts()).toHaveLength(4));
    const [event] = logged();
    expect(facts()).toMatchObject([
      {
        ...{ outcome: 'accepted', reason: null, provider: 'github', workspaceId: 'ws_demo' },
        ...{ eventType: 'github.pull_request.opened', events: 1, eventIds: [event?.event.id] },
        bytes: github.body.length,
      },
      { outcome: 'refused', reason: 'no-matching-signature', eventType: null, eventIds: [] },
      { outcome: 'refused', reason: 'content-type', bytes: null },
      { outcome: 'refused', reason: 'too-large', bytes: null },
    ]);
    const text = JSON.stringify(
      bus.records({ name: 'tidings.received' } as never).map(({ value }) => String(value)),
    );
    expect(text).not.toMatch(/sha256=|It's a Secret|pull_request_number/);
  });

  it('has the challenge of Slack, and a webhook that the log of events did not acknowledge', async () => {
    const slack = sampleOf('slack (events)');
    const { deliver, facts, bus } = await start(slack);
    await deliver({ body: Buffer.from('{"type":"url_verification","challenge":"3eZbrw1a"}') });
    await eventually(() => expect(facts()).toMatchObject([{ outcome: 'checked' }]));
    bus.setReachable(false);
    expect((await deliver()).status).toBe(503);
    bus.setReachable(true);
    await eventually(() => expect(facts()[1]).toMatchObject({ outcome: 'refused', reason: 'unavailable' }));
  });
});

it('waits for the log no longer than the provider waits for the response, the time of the body included', async () => {
  const slack = sampleOf('slack (events)');
  const clock = fakeClock();
  const waits: (number | undefined)[] = [];
  const metrics = createMetrics(metricsCatalogue, { service: 'ingress' }).handles;
  const receive = createReceiveWebhook({
    sources: { find: () => aSource(slack), isLoaded: () => true, isComplete: () => true },
    ...{ stateOf: () => 'active', eventTypes: { find: () => undefined }, onUnregistered: () => {} },
    publish: async (_events, { deadlineMs }) => {
      waits.push(deadlineMs);
      return 'log';
    },
    publishDeadlineMs: 4_000,
    received: { accepted: () => {}, checked: () => {}, refused: () => {} },
    ...{ ring, clock, metrics, logger: recordingLogger() },
    ...{ storage: { stage: async () => Promise.reject(new Error('not here')) }, slots: new UploadSlots() },
  });
  const body = Buffer.from(slack.body);
  const time = String(Math.floor(clock.nowMs() / 1_000));
  const signed = await slack.sign({ body, secret: slack.secret, time }, 'http://here/');
  const headers = new InboundHeaders(
    Object.entries({ 'content-type': slack.contentType, ...signed }).flat() as string[],
  );
  for (const tookMs of [0, 1_000, 9_000]) {
    const arrivedMs = clock.monotonicMs() - tookMs;
    await receive({ sourceId: id, url: 'http://here/', headers, body, traceparent: '', arrivedMs });
  }
  expect(waits).toEqual([2_500, 1_500, 100]);
});

it('every provider says how long it waits', () => {
  const waits = Object.fromEntries([...providers.values()].map((one) => [one.name, one.answerWithinMs]));
  expect(waits).toMatchObject({
    slack: 3_000,
    shopify: 5_000,
    github: 10_000,
    gitlab: 10_000,
    bitbucket: 10_000,
  });
});

it('takes no more bodies of one source than it has room for, and says when to come again', async () => {
  const { url, deliver, facts } = await start(github);
  const { hostname, port } = new URL(url);
  const signed = { ...announced, 'content-length': '900000', 'x-hub-signature-256': 'sha256=00' };
  const head = Object.entries({ host: 'here', ...signed }).map(([name, value]) => `${name}: ${value}`);
  // 64 MiB of one source: 74 bodies of 900,000 bytes.
  const sockets = Array.from({ length: 74 }, () => connect(Number(port), hostname));
  for (const socket of sockets) socket.write([`POST ${path} HTTP/1.1`, ...head, '', ''].join('\r\n'));
  await eventually(async () => {
    const { status, headers } = await deliver({ body: Buffer.alloc(800_000, 0x20) });
    expect([status, headers['retry-after']]).toEqual([429, expect.stringMatching(/^[123]$/)]);
  });
  for (const socket of sockets) socket.destroy();
  await eventually(async () => expect((await deliver()).status).toBe(200));
  await eventually(() =>
    expect(facts()).toEqual(expect.arrayContaining([expect.objectContaining({ reason: 'overloaded' })])),
  );
});
