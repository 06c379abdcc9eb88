import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { commands } from '../../packages/cli/src/program.ts';
import { readText, readYaml, root } from '../compose/compose-model.ts';
import { faultsOf, knownSeries } from '../compose/known-series.ts';
import { alerts, filesIn, recordings } from './read-rules.ts';

type TestFile = Readonly<{
  rule_files: readonly string[];
  tests: readonly {
    name: string;
    promql_expr_test: readonly { expr: string; exp_samples: readonly unknown[] }[];
  }[];
}>;

const tests = filesIn('deploy/prometheus/tests').flatMap((file) => (readYaml(file) as TestFile).tests);
const known = await knownSeries();
const pages = filesIn('docs/runbooks').filter((file) => !file.endsWith('/README.md'));

describe('the rules of Prometheus', () => {
  it('have names of their own, and at least forty alerts', () => {
    const names = alerts.map(({ alert }) => alert);
    expect(names.length).toBeGreaterThanOrEqual(40);
    expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
  });

  it('query only metrics and labels that the catalogues declare', () => {
    // A rule may make a label of its own.
    const own = (expr: string): string => expr.replaceAll(/"at", "[a-z]+", "", ""/g, '');
    for (const rule of [...alerts, ...recordings]) {
      const name = 'alert' in rule ? rule.alert : rule.record;
      expect(faultsOf(own(rule.expr), known), name).toEqual([]);
    }
  });
});

describe.each(alerts)('the alert $alert', ({ alert, labels, annotations }) => {
  it('says how urgent it is, what happens, and where to look', () => {
    expect(['page', 'ticket']).toContain(labels.severity);
    expect(annotations.summary).toMatch(/^\S.{10,100}$/);
    expect(annotations.description).toMatch(/[.]$/);
    const { uid } = JSON.parse(
      readText(
        `deploy/compose/grafana/dashboards/${annotations.dashboard_url.replace('/d/tidings-', '')}.json`,
      ),
    ) as { uid: string };
    expect(`/d/${uid}`).toBe(annotations.dashboard_url);
  });

  it('has a runbook that names it', () => {
    expect(pages).toContain(annotations.runbook_url);
    const [names = ''] = /^Alerts: .*$/m.exec(readText(annotations.runbook_url)) ?? [];
    expect(names).toContain(`\`${alert}\``);
    expect(readText('docs/runbooks/README.md')).toContain(`\`${alert}\``);
  });

  it('has a test in which it fires and one in which it does not', () => {
    const own = tests
      .flatMap(({ promql_expr_test }) => promql_expr_test)
      .filter(({ expr }) => expr.includes(`alertname="${alert}"`));
    expect(
      own.some(({ exp_samples }) => exp_samples.length > 0),
      'fires',
    ).toBe(true);
    expect(
      own.some(({ exp_samples }) => exp_samples.length === 0),
      'does not fire',
    ).toBe(true);
  });
});

describe.each(pages)('the runbook %s', (page) => {
  const text = readText(page);

  it('belongs to an alert and has every section', () => {
    expect(alerts.some(({ annotations }) => annotations.runbook_url === page)).toBe(true);
    const sections = [...text.matchAll(/^## (.+)$/gm)].map(([, title]) => title);
    expect(sections).toEqual(['Symptom', 'What users feel', 'Look here', 'Do this', 'Verify']);
  });

  it('names alerts, metrics, commands and pages that exist', () => {
    const [line = ''] = /^Alerts: .*$/m.exec(text) ?? [];
    const named = [...line.matchAll(/`(\w+)`/g)].map(([, name]) => name);
    for (const name of named) expect(alerts.map(({ alert }) => alert)).toContain(name);
    for (const [name] of text.matchAll(/\btidings[_:][a-z0-9_:]+[a-z0-9]/g))
      expect([...known.keys()]).toContain(name);
    for (const [, command = ''] of text.matchAll(/npx tidings ([a-z -]*[a-z])/g)) {
      const [wanted = ''] = command.split(' --');
      expect(
        commands.map(({ name }) => name),
        command,
      ).toContain(wanted);
    }
    for (const [, path = ''] of text.matchAll(/\]\(([^)#]+)/g))
      expect(existsSync(`${root}docs/runbooks/${path}`), path).toBe(true);
  });
});
