import { createServer, type ServerResponse } from 'node:http';
import { eventId, type RunRecorded, runId, workspaceId } from '@tidings/contracts';
import { silentLogger } from '@tidings/observability';
import { systemClock } from '@tidings/runtime';
import { eventually } from '@tidings/testing';
import { expect, it, onTestFinished } from 'vitest';
import { Alerts, type FailedRun } from './alert.ts';

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
