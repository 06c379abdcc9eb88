import type { AppTopics, RunRecorded } from '@tidings/contracts';
import type { Bus, Producer } from '@tidings/kafka';
import type { Logger, Metrics } from '@tidings/observability';
import type { Clock } from '@tidings/runtime';
import type { HandlerQueue } from '../attempts/handler-queue.ts';
import type { Places } from '../attempts/places.ts';
import type { Handler } from '../handlers/handler.ts';
import type { chainsMetrics } from '../metrics.ts';
import type { Admission } from '../runs/admission.ts';
import type { StateMemory } from '../runs/state-memory.ts';

/** The parts that the partitions of a worker share. */
export type WorkerParts = Readonly<{
  app: string;
  /** Distinguishes this worker from all others. */
  owner: string;
  bus: Bus;
  producer: Producer;
  topics: AppTopics;
  handlers: ReadonlyMap<string, Handler>;
  queues: ReadonlyMap<string, HandlerQueue>;
  admission: Admission;
  suspects: Places;
  memory: StateMemory;
  clock: Clock;
  logger: Logger;
  metrics: Metrics<typeof chainsMetrics>['handles'];
  /** Called when the failed state of a run is acknowledged. */
  onFailed: (run: RunRecorded) => void;
}>;
