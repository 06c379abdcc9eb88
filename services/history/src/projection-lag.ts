import type { ServiceContext } from '@tidings/observability';
import type { HealthPart } from '@tidings/runtime';
import type { BatchProjector } from './batch-projector.ts';
import type { configSpec } from './config.ts';
import type { metricsCatalogue } from './metrics.ts';

type Projection = Readonly<{
  projection: 'attempts' | 'events' | 'dead-letters' | 'received' | 'runs';
  part: HealthPart;
  projector: Pick<BatchProjector<unknown, unknown>, 'oldestWaitingMs'>;
}>;

/**
 * Reports how far a projection is behind the log, in the metric and in the detail of /ready: the age of the oldest
 * record that was read and is not stored. While MongoDB is away it grows with time, though only as many records wait
 * here as a partition may have: the rest waits in the log behind them.
 */
export const reportLag = (
  { metrics, clock }: ServiceContext<typeof configSpec, typeof metricsCatalogue>,
  { projection, part, projector }: Projection,
): void => {
  const lagSeconds = (): number => {
    const oldestMs = projector.oldestWaitingMs;
    return oldestMs === undefined ? 0 : Math.max(0, clock.nowMs() - oldestMs) / 1_000;
  };
  metrics.handles.projectionLagSeconds.collect((gauge) => gauge.set({ projection }, lagSeconds()));
  part.describe(() => ({ lag_seconds: lagSeconds() }));
};
