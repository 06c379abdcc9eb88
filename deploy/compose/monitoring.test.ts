import { describe, expect, it } from 'vitest';
import { containers, forms, readCompose, readYaml } from './compose-model.ts';

const folder = 'deploy/compose/grafana/dashboards';

type Named = Readonly<{ names: readonly string[]; type: string; port: number }>;
type Job = Readonly<{
  static_configs?: readonly Readonly<{ targets: readonly string[] }>[];
  dns_sd_configs?: readonly Named[];
}>;

it('Grafana has the data source that the dashboards name', () => {
  const { datasources } = readYaml('deploy/compose/grafana/provisioning/datasources/prometheus.yml') as {
    datasources: readonly { uid: string; url: string }[];
  };
  expect(datasources).toMatchObject([{ uid: 'prometheus', url: 'http://prometheus:9090' }]);
});

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

  it('read the rules, and send alerts to Alertmanager', () => {
    const [config = ''] = mounts.flatMap(
      (mount) => /^\.\/(.+):\/etc\/prometheus\/prometheus\.yml:ro$/.exec(mount)?.[1] ?? [],
    );
    expect(readYaml(config)).toMatchObject({
      rule_files: ['/etc/prometheus/rules/*.yaml'],
      alerting: { alertmanagers: [{ static_configs: [{ targets: ['alertmanager:9093'] }] }] },
    });
    expect(mounts).toContain('./deploy/prometheus/rules:/etc/prometheus/rules:ro');
    expect(services['alertmanager']?.volumes).toContain(
      './deploy/prometheus/alertmanager.yml:/etc/alertmanager/alertmanager.yml:ro',
    );
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
