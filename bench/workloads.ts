import type { Content } from './load.ts';

/** A workload of the benchmark. Fan-out is the number of subscriptions that match each event. */
export type Workload = Readonly<{ name: string; fanOut: number }> &
  (
    | Readonly<{
        kind: 'flood';
        count: number;
        concurrency: number;
        contentOf?: (sequence: number) => Content;
      }>
    | Readonly<{ kind: 'paced'; perSecond: number; seconds: number }>
  );

export const workloads: readonly Workload[] = [
  { name: 'flood fan-out 1', kind: 'flood', fanOut: 1, count: 20_000, concurrency: 64 },
  { name: 'flood fan-out 10', kind: 'flood', fanOut: 10, count: 4_000, concurrency: 64 },
  { name: 'paced 200/s', kind: 'paced', fanOut: 1, perSecond: 200, seconds: 30 },
];

/** The same workloads at a twentieth of the size, to check the benchmark itself. */
export const quickWorkloads: readonly Workload[] = workloads.map((workload) =>
  workload.kind === 'flood'
    ? { ...workload, count: workload.count / 20 }
    : { ...workload, seconds: workload.seconds / 10 },
);

export const eventCount = (workload: Workload): number =>
  workload.kind === 'flood' ? workload.count : workload.perSecond * workload.seconds;
