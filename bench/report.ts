import type { Measurement } from './measure.ts';
import { medianOf } from './percentiles.ts';
import { named, type PipelineBacklog } from './pipeline-backlog.ts';

/** Returns the run with the median CPU of its workload: a real run, not an average. */
export const medianRun = (runs: readonly Measurement[]): Measurement => {
  const middle = medianOf(runs.map((run) => run.cpuUsPerWebhook.total));
  const found = runs.find((run) => run.cpuUsPerWebhook.total === middle) ?? runs[0];
  if (found === undefined) throw new Error('no runs to take the median of');
  return found;
};

const columns = [
  'workload',
  'accepted/s',
  'delivered/s',
  'CPU µs',
  'MongoDB µs',
  'accept p50/p99',
  'end to end p50/p99',
  'lost',
  'repeats',
];

const row = (m: Measurement): string[] => [
  m.name,
  String(m.acceptedPerSecond),
  String(m.deliveredPerSecond),
  String(m.cpuUsPerWebhook.servicesAndBrokers),
  String(m.cpuUsPerWebhook.mongodb),
  `${m.acceptMs.p50} / ${m.acceptMs.p99} ms`,
  `${m.endToEndMs.p50} / ${m.endToEndMs.p99} ms`,
  String(m.lost),
  String(m.repeats),
];

const byProcess = (m: Measurement): string =>
  Object.entries(m.cpuUsByProcess)
    .map(([name, us]) => `${name} ${us}`)
    .join(', ');

const lineOf = (name: string, what: string, counts: PipelineBacklog): string[] =>
  Object.keys(counts).length === 0 ? [] : [`${name}: ${what}: ${named(counts)}`];

/** Formats the measurements as text for a terminal: a table, then the breakdown of time. */
export const printable = (measurements: readonly Measurement[]): string => {
  const lines = [columns, ...measurements.map(row)];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  const table = lines.map((line) => line.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  '));
  const split = measurements.map((m) => `${m.name}: CPU µs per webhook: ${byProcess(m)}`);
  const reported = measurements.flatMap((m) => [
    ...lineOf(m.name, 'not arrived, and where', m.waiting),
    ...lineOf(m.name, 'commands that took a way round', m.detours),
  ]);
  return [...table, '', ...split, ...reported].join('\n');
};
