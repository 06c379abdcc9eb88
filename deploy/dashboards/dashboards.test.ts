import { readdirSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { root } from '../compose/compose-model.ts';
import { faultsOf, knownSeries } from '../compose/known-series.ts';
import { dashboards } from './dashboards.ts';
import { grafanaSchema } from './grafana-schema.ts';
import { renderDashboard } from './render.ts';

const folder = 'deploy/compose/grafana/dashboards';
const known = await knownSeries();
const validate = new Ajv({ allErrors: true }).compile(grafanaSchema);

it('the folder that Grafana reads has these dashboards and no others', () => {
  const files = readdirSync(`${root}${folder}`).sort();
  expect(files).toEqual(dashboards.map(({ name }) => `${name}.json`).sort());
});

describe.each(dashboards)('the dashboard $name', (spec) => {
  const panels = spec.rows.flatMap((row) => row.panels);
  const queries = panels.flatMap(({ title, queries: own }) =>
    own.map(([expr, legend]) => ({ title, expr, legend })),
  );

  it('is the file that Grafana reads; `npm run docs:dashboards` writes it', async () => {
    const json = `${JSON.stringify(renderDashboard(spec), null, 2)}\n`;
    await expect(json).toMatchFileSnapshot(`${root}${folder}/${spec.name}.json`);
  });

  it('fits the model of Grafana', () => {
    validate(renderDashboard(spec));
    expect(validate.errors ?? []).toEqual([]);
  });

  it('queries only metrics and labels that the catalogues declare', () => {
    for (const { title, expr } of queries) expect(faultsOf(expr, known), `${title}: ${expr}`).toEqual([]);
  });

  it('selects by no name of a process, which differs between one process and several', () => {
    for (const { title, expr } of queries) expect(expr, title).not.toMatch(/\b(service|instance)\s*[=!]/);
  });

  it('names only labels in a legend by which its query groups, and no panel of a row twice', () => {
    for (const { title, expr, legend } of queries)
      for (const [, label = ''] of legend.matchAll(/\{\{(\w+)\}\}/g))
        expect(expr, title).toMatch(new RegExp(`\\bby \\([^)]*\\b${label}\\b`));
    for (const { panels: own, title } of spec.rows) {
      const titles = own.map((panel) => panel.title);
      expect(new Set(titles).size, title).toBe(titles.length);
    }
  });
});
