import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { appGroup, type RunEvent, topics } from '@tidings/contracts';
import { contextOfEvent, tracer } from '../trace-context.ts';

/** Does the work that starts the run of an event, in a span by OpenTelemetry's conventions for messaging. */
export const tracedStart = async (
  { app, handler, runId, event }: Readonly<{ app: string; handler: string; runId: string; event: RunEvent }>,
  start: () => Promise<void>,
): Promise<void> => {
  const parent = contextOfEvent(event.traceparent);
  const before = trace.getSpanContext(parent);
  const span = tracer().startSpan(
    `process ${topics.events.name}`,
    {
      kind: SpanKind.CONSUMER,
      attributes: {
        'messaging.system': 'kafka',
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.destination.name': topics.events.name,
        'messaging.destination.partition.id': String(event.partition),
        'messaging.consumer.group.name': appGroup(app),
        'messaging.kafka.offset': Number(event.offset),
        'messaging.message.id': event.id,
        'tidings.app': app,
        'tidings.handler': handler,
        'tidings.run.id': runId,
      },
      links: before === undefined ? [] : [{ context: before }],
    },
    parent,
  );
  try {
    await start();
  } catch (error) {
    span.setAttribute('error.type', 'not-recorded').setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
};
