import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { httpMetrics } from '../../packages/http/src/index.ts';
import { kafkaMetrics } from '../../packages/kafka/src/index.ts';
import { createMetrics, type MetricsCatalogue } from '../../packages/observability/src/index.ts';
import { serviceNames } from '../../services/server/src/select-services.ts';
import { containers, forms, readCompose, readText, readYaml, root } from './compose-model.ts';

type Target = Readonly<{ expr: string; datasource: { uid: string } }>;
type Panel = Readonly<{ id: number; title: string; type: string; targets?: readonly Target[] }>;
type Dashboard = Readonly<{ uid: string; title: string; panels: readonly Panel[] }>;

const folder = 'deploy/compose/grafana/dashboards';
const dashboards = readdirSync(`${root}${folder}`).map(
  (file) => JSON.parse(readText(`${folder}/${file}`)) as Dashboard,
);

/** Returns every series that Prometheus can scrape, with its labels. */
async function knownSeries(): Promise<ReadonlyMap<string, readonly string[]>> {
  const catalogues: MetricsCatalogue[] = [httpMetrics, kafkaMetrics];
  for (const name of serviceNames) {
    const { metricsCatalogue } = (await import(`../../services/${name}/src/metrics.ts`)) as {
      metricsCatalogue: MetricsCatalogue;
    };
    catalogues.push(metricsCatalogue);
  }
  const series = new Map<string, readonly string[]>([['up', []]]);
  for (const { name, type, labels } of catalogues.flatMap((catalogue) => Object.values(catalogue))) {
    const suffixes = type === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    for (const suffix of suffixes) series.set(`${name}${suffix}`, labels);
  }
  const { registry } = createMetrics({}, { service: 'any' });
  for (const { name } of await registry.getMetricsAsJSON()) series.set(name, []);
  return series;
}

/** The labels of every series: those of Tidings, those of Prometheus, and those of histogram buckets. */
const commonLabels = ['service', 'job', 'instance', 'le'];

const seriesIn = (expr: string): readonly string[] =>
  [...expr.matchAll(/\b(?:up|(?:tidings|process|nodejs)_[a-z0-9_]+)\b/g)].map(([name]) => name);

const labelsIn = (expr: string): readonly string[] => [
  ...[...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = '']) =>
    list.split(',').map((label) => label.trim()),
  ),
  ...[...expr.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label = '']) => label),
];

describe.each(dashboards)('the dashboard $title', ({ panels }) => {
  const targets = panels.flatMap(({ title, targets: own = [] }) =>
    own.map((target) => ({ title, ...target })),
  );

  it('queries only metrics and labels that the catalogues declare', async () => {
    const known = await knownSeries();
    expect(targets.length).toBeGreaterThan(20);
    for (const { title, expr } of targets) {
      const names = seriesIn(expr);
      expect(names.length, `${title}: ${expr}`).toBeGreaterThan(0);
      for (const name of names) expect([...known.keys()], title).toContain(name);
      const labels = [...commonLabels, ...names.flatMap((name) => known.get(name) ?? [])];
      for (const label of labelsIn(expr)) expect(labels, `${title}: ${expr}`).toContain(label);
    }
  });

  it('selects by no name of a process, which differs between one process and several', () => {
    for (const { title, expr } of targets) expect(expr, title).not.toMatch(/\b(service|instance)\s*[=!]/);
  });

  it('has a row for every stage and no panel twice', () => {
    const rows = panels.filter(({ type }) => type === 'row').map(({ title }) => title);
    for (const stage of ['ingress', 'fanout', 'delivery', 'history', 'subscription']) {
      expect(
        rows.some((title) => title.includes(stage)),
        stage,
      ).toBe(true);
    }
    expect(new Set(panels.map(({ id }) => id))).toHaveLength(panels.length);
  });

  it('uses the provisioned data source', () => {
    const { datasources } = readYaml('deploy/compose/grafana/provisioning/datasources/prometheus.yml') as {
      datasources: readonly { uid: string; url: string }[];
    };
    expect(datasources).toMatchObject([{ uid: 'prometheus', url: 'http://prometheus:9090' }]);
    for (const { datasource } of targets) expect(datasource.uid).toBe('prometheus');
  });
});

type Named = Readonly<{ names: readonly string[]; type: string; port: number }>;
type Job = Readonly<{
  static_configs?: readonly Readonly<{ targets: readonly string[] }>[];
  dns_sd_configs?: readonly Named[];
}>;

describe.each(forms)('Prometheus and Grafana with services %s', (form) => {
  const { services } = readCompose(form);
  const mounts = ['grafana', 'prometheus'].flatMap((name) => services[name]?.volumes ?? []);

  it('scrape every process once', () => {
    const [config = ''] = mounts.flatMap(
      (mount) => /^\.\/(.+):\/etc\/prometheus\/prometheus\.yml:ro$/.exec(mount)?.[1] ?? [],
    );
    const { scrape_configs: jobs } = readYaml(config) as { scrape_configs: readonly Job[] };
    const targets = jobs.flatMap(({ static_configs: fixed = [], dns_sd_configs: named = [] }) => [
      ...fixed.flatMap((one) => one.targets),
      ...named.flatMap(({ names, port }) => names.map((name) => `${name}:${port}`)),
    ]);
    const own = containers.filter((container) => container.form === form);
    const portOf = (names: readonly string[]) => (names.includes('console') ? 8081 : 8080);
    expect([...targets].sort()).toEqual(own.map((one) => `${one.name}:${portOf(one.services)}`).sort());
    for (const { name, services: run } of own) {
      const { environment, ports = [], networks } = services[name] ?? {};
      expect(networks).toContain('edge');
      if (!run.includes('console')) continue;
      expect(environment).toMatchObject({ CONSOLE_OPERATOR_HOST: '0.0.0.0', CONSOLE_OPERATOR_PORT: '8081' });
      expect(ports.filter((port) => port.endsWith(':8081'))).toEqual([]);
    }
    expect(services['prometheus']?.networks).toEqual(['edge']);
  });

  it('find their files where the compose file mounts them', () => {
    const { providers } = readYaml('deploy/compose/grafana/provisioning/dashboards/tidings.yml') as {
      providers: readonly { options: { path: string } }[];
    };
    expect(mounts).toContain(`./${folder}:${providers[0]?.options.path}:ro`);
    expect(mounts).toContain('./deploy/compose/grafana/provisioning:/etc/grafana/provisioning:ro');
    const home = services['grafana']?.environment?.['GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH'];
    expect(home).toBe(`${providers[0]?.options.path}/overview.json`);
  });
});
