import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tidingsProcesses } from '../tidings-processes.ts';
import { findMonitoring } from './find-programs.ts';
import { metricsTargets, prometheusConfig } from './prometheus-config.ts';

const aFolderWith = (...programs: readonly string[]): string => {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-path-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of programs) writeFileSync(join(folder, name), '#!/bin/sh\n', { mode: 0o755 });
  return folder;
};

describe('findMonitoring', () => {
  it('finds both, by their own names or by those of Debian', () => {
    const folder = aFolderWith('prometheus', 'prometheus-alertmanager');
    expect(findMonitoring({ PATH: `/nowhere::${folder}` })).toEqual({
      prometheus: join(folder, 'prometheus'),
      alertmanager: join(folder, 'prometheus-alertmanager'),
    });
  });

  it('needs no Alertmanager', () => {
    expect(findMonitoring({ PATH: aFolderWith('prometheus') }).alertmanager).toBeNull();
  });

  it.each([{ PATH: aFolderWithout() }, {}])('says how to install Prometheus without it: %j', (env) => {
    expect(() => findMonitoring(env)).toThrow(/not found on the PATH.*apt-get install prometheus/);
  });
});

function aFolderWithout(): string {
  return join(tmpdir(), 'tidings-no-such-folder');
}

describe('prometheus.yml', () => {
  const place = { host: '127.0.0.1', portBase: 9000 };

  it.each([
    ['split', [9007, 9002]],
    ['together', [9007]],
    ['separate', [9007, 9001, 9002, 9003, 9004, 9005]],
  ] as const)(
    'has one port of each process of the form %s, of the console that for operators',
    (form, ports) => {
      expect(metricsTargets(tidingsProcesses(form), place)).toEqual(ports.map((port) => `127.0.0.1:${port}`));
    },
  );

  it('names the rules, files with further targets, and Alertmanager where it runs', () => {
    const config = (alertmanager: string | null): unknown =>
      JSON.parse(
        prometheusConfig({
          ...{ targets: ['a:1'], targetFiles: '/targets/*.json', rules: '/rules/*.yaml', alertmanager },
        }),
      );
    expect(config('b:2')).toMatchObject({
      rule_files: ['/rules/*.yaml'],
      alerting: { alertmanagers: [{ static_configs: [{ targets: ['b:2'] }] }] },
      scrape_configs: [
        { job_name: 'tidings', static_configs: [{ targets: ['a:1'] }] },
        { job_name: 'applications', file_sd_configs: [{ files: ['/targets/*.json'] }] },
      ],
    });
    expect(config(null)).toMatchObject({ alerting: { alertmanagers: [] } });
  });
});
