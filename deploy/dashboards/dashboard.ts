/** A query, and the legend of its series. */
export type Query = readonly [expr: string, legend: string];

/** A panel: one figure now (`stat`), or lines over time (`lines`). `unit` is an id of Grafana's units. */
export type PanelSpec = Readonly<{
  kind: 'stat' | 'lines';
  title: string;
  /** Says what it shows and when to worry, for whoever is woken. */
  description: string;
  unit: 'none' | 'short' | 's' | 'percentunit' | 'bytes' | 'ops';
  queries: readonly Query[];
}>;

/** A row of panels under a title. */
export type RowSpec = Readonly<{ title: string; panels: readonly PanelSpec[] }>;

/** A dashboard. Its file is `<name>.json`, its uid `tidings-<name>`. */
export type DashboardSpec = Readonly<{ name: string; title: string; rows: readonly RowSpec[] }>;

type Of<K extends PanelSpec['kind']> = (
  heading: readonly [title: string, unit: PanelSpec['unit']],
  description: string,
  ...queries: readonly Query[]
) => PanelSpec & Readonly<{ kind: K }>;

const of =
  <K extends PanelSpec['kind']>(kind: K): Of<K> =>
  ([title, unit], description, ...queries) => ({ kind, title, description, unit, queries });

export const stat = of('stat');
export const lines = of('lines');

/** Returns a rate over Grafana's interval. */
export const rate = (series: string): string => `rate(${series}[$__rate_interval])`;

/** Returns queries of the median and the 99th percentile of a histogram; `by`: a label that is kept. */
export const percentiles = (histogram: string, selector = ''): readonly Query[] =>
  [0.5, 0.99].map((share) => [
    `histogram_quantile(${share}, sum by (le) (${rate(`${histogram}_bucket${selector}`)}))`,
    `p${share * 100}`,
  ]);

/** Returns a query of the 99th percentile of a histogram for each value of a label. */
export const p99By = (label: string, histogram: string, selector = ''): Query => [
  `histogram_quantile(0.99, sum by (le, ${label}) (${rate(`${histogram}_bucket${selector}`)}))`,
  `{{${label}}}`,
];

/** Returns a query of the rate of a counter for each value of its labels; 0 if it has never counted. */
export const rateBy = (labels: string, counter: string): Query => [
  `sum by (${labels}) (${rate(counter)}) or vector(0)`,
  labels
    .split(', ')
    .map((label) => `{{${label}}}`)
    .join(' '),
];
