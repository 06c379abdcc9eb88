import { createMetrics } from '../../packages/observability/src/index.ts';
import { readCatalogues } from '../docs/metrics-page.ts';
import { recordings } from '../prometheus/read-rules.ts';

/** The series that Prometheus can read, each with its labels. */
export type KnownSeries = ReadonlyMap<string, readonly string[]>;

/**
 * Returns every series that can be queried: what Prometheus scrapes, from the catalogues of packages and services and
 * from Node, and what its recording rules make of that.
 */
export async function knownSeries(): Promise<KnownSeries> {
  const series = new Map<string, readonly string[]>([['up', []]]);
  for (const { name, type, labels } of (await readCatalogues()).flatMap(({ catalogue }) =>
    Object.values(catalogue),
  )) {
    const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    for (const suffix of suffixes) series.set(`${name}${suffix}`, labels);
  }
  const { registry } = createMetrics({}, { service: 'any' });
  for (const { name } of await registry.getMetricsAsJSON()) series.set(name, []);
  registry.clear();
  for (const { record } of recordings) series.set(record, []);
  return series;
}

/** The labels of every series: those of Tidings, those of Prometheus, and those of histogram buckets. */
const commonLabels = ['service', 'job', 'instance', 'le'];

const seriesIn = (expr: string): readonly string[] =>
  [...expr.matchAll(/\b(?:up|(?:tidings|process|nodejs)_[a-z0-9_]+|tidings:[a-z0-9_:]+)\b/g)].map(
    ([name]) => name,
  );

const labelsIn = (expr: string): readonly string[] => [
  ...[...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) =>
    list.split(',').map((label) => label.trim()),
  ),
  ...[...expr.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label = '']) => label),
];

/** Returns what a query names and nothing exports: series, and labels that none of its series has. */
export function faultsOf(expr: string, known: KnownSeries): readonly string[] {
  const names = seriesIn(expr);
  if (names.length === 0) return ['names no series'];
  const unknown = names.filter((name) => !known.has(name));
  const labels = [...commonLabels, ...names.flatMap((name) => known.get(name) ?? [])];
  return [
    ...unknown.map((name) => `no metric ${name}`),
    ...labelsIn(expr)
      .filter((label) => !labels.includes(label))
      .map((label) => `no label ${label}`),
  ];
}
