import { deriveRunId, type EventAccepted, type RunEvent, type RunRecorded } from '@tidings/contracts';

/** Returns what a run keeps of its event. */
export const runEventOf = (
  event: EventAccepted,
  { partition, offset, timestampMs }: Readonly<{ partition: number; offset: bigint; timestampMs: number }>,
): RunEvent => ({
  id: event.id,
  type: event.eventType,
  workspaceId: event.workspaceId,
  consumerId: event.consumerId,
  source: event.source,
  time: event.time,
  acceptedAtMs: timestampMs,
  orderingKey: event.orderingKey,
  traceparent: event.traceparent,
  partition,
  offset: String(offset),
  ...(event.large !== undefined && { large: event.large }),
});

type Origin = Readonly<{ app: string; handler: string; event: RunEvent; epoch: number; nowMs: number }>;

/** Returns the first state of the run that an event starts in a handler. */
export const newRun = ({ app, handler, event, epoch, nowMs }: Origin): RunRecorded => ({
  type: 'RunRecorded.v1',
  runId: deriveRunId({ app, handler, eventId: event.id }),
  app,
  handler,
  epoch,
  sequence: 1,
  status: 'running',
  event,
  startedAtMs: nowMs,
  recordedAtMs: nowMs,
  endedAtMs: null,
  waitingUntilMs: null,
  retries: 0,
  steps: [],
  failure: null,
  cancelled: null,
});
