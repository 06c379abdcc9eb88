import { createServer, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { eventId, type RunRecorded, runId, workspaceId } from '@tidings/contracts';
import { silentLogger } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { systemClock } from '@tidings/runtime';
import { fakeClock } from '@tidings/runtime/testing';
import { eventually } from '@tidings/testing';
import { expect, it, onTestFinished } from 'vitest';
import { Alerts, type FailedRun } from './alert.ts';
import { checkOptions } from './worker/worker-options.ts';

const failedRun = (n: number): FailedRun => ({
  runId: runId(`run_${String(n).padStart(32, '0')}`),
  app: 'shop',
  handler: 'a',
  event: {
    ...{ id: eventId(`evt_${'0'.repeat(32)}`), type: 'a', workspaceId: workspaceId('ws'), consumerId: null },
    ...{ source: '/shop', time: '2026-11-30T12:00:00Z', acceptedAtMs: 1, orderingKey: null },
    ...{ traceparent: null, partition: 0, offset: '0' },
  } satisfies RunRecorded['event'],
  failure: { reason: 'step-failed', step: 'work', message: 'no' },
  steps: [],
  retries: 0,
});

it('tells the chat of Telegram that the URL names, and shows its token nowhere', async () => {
  const received: unknown[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      received.push([request.url, JSON.parse(body)]);
      response.writeHead(received.length === 1 ? 401 : 200).end('{"ok":true}');
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const logger = recordingLogger();
  const clock = fakeClock();
  const tools = { clock, logger, signal: new AbortController().signal };
  const path = '/bot1:T0PSECRET/sendMessage?chat_id=-100';
  const lines = () => JSON.stringify(logger.lines);
  new Alerts({ url: `http://127.0.0.1:${port}${path}`, style: 'telegram' }, tools).add(failedRun(1));
  await eventually(() => expect(lines()).toContain('alert.refused'));
  await clock.advance(10_000);
  await eventually(() => expect(received).toHaveLength(2));
  const { runId } = failedRun(1);
  const sentence = `Run ${runId} of shop/a failed at step work: no (event a evt_${'0'.repeat(32)})`;
  expect(received).toEqual(Array(2).fill([path, { chat_id: '-100', text: sentence }]));
  // Nothing listens there any more.
  await new Promise((resolve) => server.close(resolve));
  new Alerts({ url: `http://127.0.0.1:${port}${path}`, style: 'telegram' }, tools).add(failedRun(1));
  await eventually(() => expect(lines()).toContain('alert.not-sent'));
  expect(lines()).not.toContain('T0PSECRET');
});

it.each([
  { url: 'https://api.telegram.org/bot1:T0PSECRET/sendMessage', style: 'telegram' as const },
  { url: 'T0PSECRET', style: 'slack' as const },
  { url: 'https://chat.example/T0PSECRET', style: 'T0P' as never },
  // `fetch` refuses them, with the whole URL in its error.
  { url: 'https://user:T0PSECRET@chat.example/', style: 'json' as const },
  { url: 'https://a@api.telegram.org/bot1:T0PSECRET/sendMessage?chat_id=1', style: 'telegram' as const },
  { url: 'ftp://chat.example/T0PSECRET', style: 'json' as const },
])('refuses the target %j without its URL in the error', (alert) => {
  const check = () => checkOptions({ brokers: ['127.0.0.1:9092'], app: 'shop', alerts: [alert] });
  expect(check).toThrow(/alert/);
  expect(check).not.toThrow(/T0PSECRET/);
});

it('posts few alerts of a URL at one time, and leaves those out that are too many, with a line in the log', async () => {
  const waiting: ServerResponse[] = [];
  let received = 0;
  const server = createServer((request, response) => {
    received += 1;
    request.resume();
    waiting.push(response);
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const leftOut: unknown[] = [];
  const closing = new AbortController();
  const alerts = new Alerts(
    { url: `http://127.0.0.1:${port}/`, style: 'slack' },
    {
      clock: systemClock,
      logger: {
        ...silentLogger,
        warn: (fields, event) => {
          if (event === 'alert.left-out') leftOut.push(fields['runId']);
        },
      },
      signal: closing.signal,
    },
  );
  for (let n = 0; n < 1_006; n += 1) alerts.add(failedRun(n));
  // Four are under way, 1,000 wait.
  expect(leftOut).toEqual([failedRun(1_004).runId, failedRun(1_005).runId]);
  await eventually(() => expect(waiting).toHaveLength(4));
  waiting.shift()?.end();
  await eventually(() => expect(received).toBe(5));
  expect(waiting).toHaveLength(4);
  closing.abort();
  server.closeAllConnections();
});
