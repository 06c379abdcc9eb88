import { type CompletedRequest, type HealthEvent, workspaceId } from '@tidings/contracts';
import { createMetrics } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { type FakeClock, fakeClock } from '@tidings/runtime/testing';
import { answered, failed } from '@tidings/testing/messages';
import { beforeEach, expect, it } from 'vitest';
import { aSubscription } from '../../test/a-subscription.ts';
import { metricsCatalogue } from '../metrics.ts';
import type { OutgoingRequest } from '../subscriptions/ports.ts';
import type { NoticeTarget } from './domain/notice.ts';
import { operationalEventOf } from './domain/operational-event.ts';
import { NoticeSender } from './notice-sender.ts';

const failure = { atMs: 5_000, reason: 'timeout', statusCode: null } as const;
const eventOf = (cause: string, overrides: Partial<HealthEvent> = {}) =>
  ({
    ...operationalEventOf(aSubscription(), {
      kind: 'failing',
      alert: 'failing',
      cause,
      atMs: 5_000,
      failureCount: 4,
      failingSinceMs: 1_000,
      failure,
    }),
    ...overrides,
  }) as HealthEvent;

let clock: FakeClock;
let sent: OutgoingRequest[];
let answers: (CompletedRequest | Error)[];
let target: NoticeTarget | null;
let targetOf: () => NoticeTarget | null;

beforeEach(() => {
  clock = fakeClock();
  sent = [];
  answers = [];
  target = { url: 'https://chat.example/hook', style: 'slack' };
  targetOf = () => target;
});

function openSender() {
  const metrics = createMetrics(metricsCatalogue, { service: 'subscription', nodeMetrics: false });
  const logger = recordingLogger();
  const notices = new NoticeSender({
    targetOf: () => targetOf(),
    send: async (request) => {
      sent.push(request);
      const next = answers.shift() ?? answered(200);
      if (next instanceof Error) throw next;
      return next;
    },
    clock,
    logger,
    metrics: metrics.handles,
  });
  const counted = async () => {
    const metric = await metrics.registry.getSingleMetric('tidings_subscription_notices_total')?.get();
    return Object.fromEntries((metric?.values ?? []).map(({ labels, value }) => [labels['outcome'], value]));
  };
  return { notices, counted, logger };
}
const settle = async (): Promise<void> => clock.advance(0);

it('sends a sentence in the style of a chat', async () => {
  const { notices, counted } = openSender();
  notices.offer(eventOf('a'));
  await settle();
  expect(sent).toMatchObject([
    { url: 'https://chat.example/hook', headers: { 'content-type': 'application/json' } },
  ]);
  const { text } = JSON.parse(sent[0]?.body.toString() ?? '') as { text: string };
  expect(text).toMatch(/^Subscription sub_\w+ to partner\.example is failing: 4 attempts in a row/);
  expect(await counted()).toEqual({ sent: 1 });
});

it('sends the sentence to the chat of Telegram that the URL names', async () => {
  const url = 'https://api.telegram.org/bot1:a/sendMessage?chat_id=-100';
  target = { url, style: 'telegram' };
  const { notices } = openSender();
  notices.offer(eventOf('a'));
  await settle();
  expect(sent).toMatchObject([{ url }]);
  expect(JSON.parse(sent[0]?.body.toString() ?? '')).toEqual({
    chat_id: '-100',
    text: expect.stringMatching(/^Subscription sub_\w+ to partner\.example is failing/) as string,
  });
});

it('sends the event itself in the style json', async () => {
  target = { url: 'https://ops.example/', style: 'json' };
  const { notices } = openSender();
  const event = eventOf('a');
  notices.offer(event);
  await settle();
  expect(JSON.parse(sent[0]?.body.toString() ?? '')).toEqual({
    id: expect.stringMatching(/^evt_[0-9a-f]{32}$/) as string,
    type: 'tidings.subscription.failing',
    timestamp: '1970-01-01T00:00:05.000Z',
    workspace_id: 'ws_own',
    data: event.data,
  });
});

it('sends nothing for a workspace without a URL', async () => {
  target = null;
  openSender().notices.offer(eventOf('a'));
  await settle();
  expect(sent).toEqual([]);
});

it('retries a few times, then drops the notice and sends the next', async () => {
  const { notices, counted, logger } = openSender();
  answers = [answered(500), failed('blocked-address'), new Error('no socket'), answered(404)];
  notices.offer(eventOf('a'));
  notices.offer(eventOf('b'));
  for (const [waitMs, tries] of [
    [0, 1],
    [1_000, 2],
    [10_000, 3],
    [60_000, 5],
  ] as const) {
    await clock.advance(waitMs);
    await settle();
    expect(sent).toHaveLength(tries);
  }
  expect(await counted()).toEqual({ failed: 1, sent: 1 });
  expect(logger.lines).toMatchObject([{ event: 'notice.not-sent', fields: { detail: 'status 404' } }]);
});

it('limits the waiting notices of a workspace without affecting another workspace', async () => {
  const { notices, counted } = openSender();
  answers = Array.from({ length: 4 }, () => answered(500));
  for (let count = 0; count < 103; count += 1) notices.offer(eventOf(String(count)));
  expect(await counted()).toEqual({ dropped: 3 });
  notices.offer(eventOf('x', { workspaceId: workspaceId('ws_other') }));
  await settle();
  expect(sent).toHaveLength(2);
});

it('ends immediately when it is closed', async () => {
  const { notices } = openSender();
  answers = [answered(500)];
  notices.offer(eventOf('a'));
  await settle();
  notices.close();
  await clock.advance(60_000);
  notices.offer(eventOf('b'));
  await settle();
  expect(sent).toHaveLength(1);
});

it('logs that the URL of a workspace cannot be opened, and sends the other notices', async () => {
  const { notices, logger } = openSender();
  targetOf = () => {
    throw new Error('seal broken');
  };
  notices.offer(eventOf('a'));
  await settle();
  expect(sent).toEqual([]);
  expect(logger.lines).toMatchObject([{ event: 'notice.url-not-opened' }]);
});
