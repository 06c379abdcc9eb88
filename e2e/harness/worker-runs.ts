import {
  appTopics,
  decodeRunCommand,
  deriveRunId,
  encodeRun,
  eventId,
  type RunCommand,
  type RunId,
  type RunRecorded,
  topics,
  workspaceId,
} from '@tidings/contracts';
import { type Bus, connectKafka, ensureTopics } from '@tidings/kafka';
import { silentLogger } from '@tidings/observability';
import type { LocalStack } from './tidings.ts';

/** A state of a run: what is not given is as of a run that has just begun. */
export type RunState = Readonly<{
  app: string;
  handler: string;
  workspace: string;
  /** The event that started it. */
  event: Readonly<{ id: string; type: string }>;
}> &
  Partial<Omit<RunRecorded, 'app' | 'handler' | 'event' | 'runId' | 'type'>>;

const brokersOf = ({ brokers }: Pick<LocalStack, 'brokers'>): readonly string[] => brokers.split(',');

async function withBus<T>(local: Pick<LocalStack, 'brokers'>, use: (bus: Bus) => Promise<T>): Promise<T> {
  const bus = await connectKafka({
    brokers: brokersOf(local),
    clientId: 'tidings-test',
    logger: silentLogger,
  });
  try {
    return await use(bus);
  } finally {
    await bus.close();
  }
}

/** Creates the topics of a worker application, as it does when it starts: orders for its runs are accepted from then on. */
export async function startApp(local: Pick<LocalStack, 'brokers'>, app: string): Promise<void> {
  const { runLog, commands } = appTopics(app);
  await ensureTopics({
    brokers: brokersOf(local),
    replicationFactor: 1,
    topics: [runLog, commands],
    logger: silentLogger,
  });
}

/** Writes states of runs, as their worker applications do; returns the ids of the runs. */
export async function recordRuns(
  local: Pick<LocalStack, 'brokers'>,
  states: readonly RunState[],
): Promise<readonly RunId[]> {
  return withBus(local, async (bus) => {
    const producer = await bus.producer();
    const runs = states.map(runOf);
    for (const run of runs) await producer.publish({ topic: topics.runs, ...encodeRun(run) });
    return runs.map(({ runId }) => runId);
  });
}

/** Reads the orders for the runs of a worker application, from the beginning of its topic, each partition in its order. */
export async function readOrders(
  local: Pick<LocalStack, 'brokers'>,
  app: string,
): Promise<readonly RunCommand[]> {
  return withBus(local, async (bus) => {
    const topic = appTopics(app).commands;
    const orders: RunCommand[] = [];
    await bus.readRange({
      topic,
      partitions: [...Array(topic.partitions).keys()],
      from: { timestampMs: 0 },
      onRecord: (record) => {
        orders.push(decodeRunCommand(record));
      },
      service: 'test',
    });
    return orders;
  });
}

function runOf({ app, handler, workspace, event, ...given }: RunState): RunRecorded {
  const nowMs = Date.now();
  const id = eventId(event.id);
  return {
    ...{ type: 'RunRecorded.v1', runId: deriveRunId({ app, handler, eventId: id }), app, handler },
    ...{ epoch: 1, sequence: 1, status: 'running', startedAtMs: nowMs, recordedAtMs: nowMs },
    ...{ endedAtMs: null, waitingUntilMs: null, retries: 0, steps: [], failure: null, cancelled: null },
    event: {
      ...{ id, type: event.type, workspaceId: workspaceId(workspace), consumerId: null, source: '/' },
      ...{ time: new Date(nowMs).toISOString(), acceptedAtMs: nowMs, orderingKey: null },
      ...{ traceparent: null, partition: 0, offset: '0' },
    },
    ...given,
  };
}
