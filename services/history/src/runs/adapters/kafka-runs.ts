import {
  appTopics,
  encodeOperationalEvent,
  encodeRunCommand,
  type RunCommand,
  topics,
} from '@tidings/contracts';
import type { Producer } from '@tidings/kafka';
import type { Clock } from '@tidings/runtime';
import type { CommandRun, RunOrder } from '../ports.ts';
import type { FailedRun } from '../project-runs.ts';

// The caller gets 503 then: a repeat of an order changes nothing more.
const publish = { deadlineMs: 10_000 } as const;

const commandOf = (order: RunOrder, about: Pick<RunCommand, 'runId' | 'atMs'>): RunCommand =>
  order.kind === 'retry'
    ? { type: 'RunRetryRequested.v1', ...about, sequence: order.sequence, by: order.by }
    : { type: 'RunCancelRequested.v1', ...about, by: order.by, reason: order.reason };

/** Returns the function that writes orders to the topic of a worker application. */
export const commander =
  (producer: Producer, clock: Pick<Clock, 'nowMs'>): CommandRun =>
  async ({ runId, app, event: { partition } }, order) => {
    const command = commandOf(order, { runId, atMs: clock.nowMs() });
    await producer.publish(
      { topic: appTopics(app).commands, partition, ...encodeRunCommand(command) },
      publish,
    );
  };

/** Returns the function that publishes the operational event of a failed run: one for each time that it fails. */
export const teller =
  (producer: Producer) =>
  async ({ runId, app, handler, retries, recordedAtMs, event, failure }: FailedRun): Promise<void> => {
    await producer.publish({
      topic: topics.events,
      ...encodeOperationalEvent({
        type: 'tidings.run.failed',
        workspaceId: event.workspaceId,
        time: new Date(recordedAtMs).toISOString(),
        cause: `${runId} ${retries}`,
        data: {
          run_id: runId,
          ...{ app, handler, event_id: event.id, event_type: event.type },
          ...{ reason: failure.reason, step: failure.step, retries },
        },
      }),
    });
  };
