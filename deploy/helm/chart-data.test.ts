import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { chartData, readSpecs, withSettingNames } from './chart-data.ts';

const root = new URL('../../', import.meta.url);
const chart = new URL('tidings/', import.meta.url);
const readText = (path: string, base = chart): string => readFileSync(new URL(path, base), 'utf8');

describe('deploy/helm/tidings', () => {
  it('has the services, settings and topics of the code; `npm run docs:chart` writes them', async () => {
    const data = `${JSON.stringify(chartData(await readSpecs()), null, 2)}\n`;
    await expect(data).toMatchFileSnapshot('tidings/files/tidings.json');
  });

  it('accepts the settings of the code; `npm run docs:chart` writes their names', async () => {
    const schema = withSettingNames(readText('values.schema.json'), await readSpecs());
    await expect(schema).toMatchFileSnapshot('tidings/values.schema.json');
  });

  it.each([
    ['files/rules', 'deploy/prometheus/rules'],
    ['files/dashboards', 'deploy/compose/grafana/dashboards'],
  ])('has the files of %s from %s', (folder, source) => {
    const names = readdirSync(new URL(folder, chart)).sort();
    expect(names).toEqual(readdirSync(new URL(source, root)).sort());
    for (const name of names) expect(readText(`${folder}/${name}`)).toBe(readText(`${source}/${name}`, root));
  });

  it('has the version of the packages', () => {
    const { version } = JSON.parse(readText('package.json', root)) as { version: string };
    expect(parse(readText('Chart.yaml'))).toMatchObject({ version, appVersion: version });
  });
});
