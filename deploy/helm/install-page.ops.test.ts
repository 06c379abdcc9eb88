import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readText, root } from '../compose/compose-model.ts';
import { chartFolder, helm, readResources, release } from './render.ts';
import { containerOf, labelOf, ofKind, type Resource, workloadsOf } from './resource.ts';
import { validate } from './validators.ts';

const page = readText('docs/install-kubernetes.md');
const blocks = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, text = '']) => text);
const heredoc = /^cat > (\S+) <<'END'\n([\s\S]*?)^END\n/gm;
const files = new Map(
  blocks.flatMap((text) =>
    [...text.matchAll(heredoc)].map(([, name = '', content = '']) => [name, content] as const),
  ),
);
const commands = blocks.flatMap((text) =>
  text
    .replace(heredoc, '')
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line !== ''),
);
const releases = commands.filter((line) => /^helm (install|upgrade) tidings /.test(line));

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidings-page-'));
  for (const [name, content] of files) writeFileSync(join(folder, name), content);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Renders what a command of the page installs. */
function renderCommand(command: string): readonly Resource[] {
  const [, , name = '', chart, ...args] = command.split(' ');
  expect(chart).toBe('deploy/helm/tidings');
  const given = args.map((arg, at) => (args[at - 1] === '-f' ? join(folder, arg) : arg));
  const { code, output, errors } = helm([
    ...['template', name, chartFolder, '--kube-version', release.kubeVersion],
    ...given,
  ]);
  expect(code, `${command}\n${errors}`).toBe(0);
  return readResources(output);
}

const trial = (file: string): readonly Resource[] => readResources(readText(file));

describe('docs/install-kubernetes.md', () => {
  it('has commands that install, upgrade and scale, with values that the chart accepts', async () => {
    expect(releases.length).toBeGreaterThan(5);
    for (const command of releases) {
      expect(command).toContain(' --namespace webhooks ');
      const rendered = renderCommand(command).map((resource) => ({ set: command, resource }));
      expect(await validate(rendered)).toEqual([]);
    }
  });

  it('has options in its text that the chart accepts', () => {
    const options = [...page.matchAll(/`(--set [^`]+)`/g)].map(([, text = '']) => text);
    expect(options).toHaveLength(1);
    for (const option of options) renderCommand(`${releases[0]} ${option}`);
  });

  it('names resources that exist when it names them', () => {
    const applied = commands.flatMap((line) => (/^kubectl apply .*-f (\S+)$/.exec(line)?.[1] ?? '') || []);
    expect(applied).toHaveLength(2);
    const resources = [...renderCommand(releases[0] ?? ''), ...applied.flatMap(trial)];
    const known = new Set(resources.map((resource) => labelOf(resource).toLowerCase()));
    const named = [...page.matchAll(/\b((?:service|statefulset|deployment|kafka|pod)\/[a-z0-9-]+)/g)].map(
      ([, name = '']) => name,
    );
    expect(named.length).toBeGreaterThan(6);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
    const ports = ofKind<{ ports: readonly { name: string }[] }>(resources, 'Service');
    for (const [, name = '', port = ''] of page.matchAll(/port-forward service\/(\S+) \d+:(\S+)/g))
      expect(
        ports.find(({ metadata }) => metadata.name === name)?.spec.ports.map((one) => one.name),
      ).toContain(port);
  });

  it('creates every Secret that the pods need, with its keys', () => {
    const created = new Map(
      commands.flatMap((line) => {
        const name = /^kubectl create secret generic (\S+)/.exec(line)?.[1];
        const keys = [...line.matchAll(/--from-literal=([A-Za-z_]+)=/g)].map(([, key = '']) => key);
        return name === undefined ? [] : [[name, keys] as const];
      }),
    );
    const resources = [...renderCommand(releases[0] ?? ''), ...trial('deploy/helm/trial/mongodb.yaml')];
    const users = ofKind(resources, 'KafkaUser').map(({ metadata }) => metadata.name);
    for (const workload of workloadsOf(resources)) {
      for (const { valueFrom } of containerOf(workload).env) {
        if (valueFrom === undefined) continue;
        const { name, key } = valueFrom.secretKeyRef;
        // The user operator of Strimzi creates one for each user.
        const keys = users.includes(name) ? ['password'] : created.get(name);
        expect(keys, `${labelOf(workload)} ${name}`).toContain(key);
      }
    }
  });

  it('names files that exist and values that the chart has', () => {
    for (const [, file = ''] of page.matchAll(/ -f (deploy\/\S+)/g))
      expect(existsSync(root + file)).toBe(true);
    const values: unknown = parse(readFileSync(join(chartFolder, 'values.yaml'), 'utf8'));
    const paths = [...page.matchAll(/`([a-z][A-Za-z0-9]*(?:\.[a-z][A-Za-z0-9]*)+)(?:: [^`]*)?`/g)]
      .map(([, path = '']) => path)
      .filter((path) => !/^(tidings|webhook|demo)\./.test(path));
    expect(paths.length).toBeGreaterThan(6);
    for (const path of paths) {
      const from = path.startsWith('autoscaling.') ? `defaults.${path}` : path;
      const found = from.split('.').reduce<unknown>((inner, name) => {
        if (name === 'NAME' || from.startsWith('components.')) return {};
        return typeof inner === 'object' && inner !== null
          ? (inner as Record<string, unknown>)[name]
          : undefined;
      }, values);
      expect(found, path).toBeDefined();
    }
  });

  it('applies manifests that conform to the schemas of Kubernetes', async () => {
    const rendered = ['mongodb', 'receiver'].flatMap((name) =>
      trial(`deploy/helm/trial/${name}.yaml`).map((resource) => ({ set: name, resource })),
    );
    expect(rendered.length).toBe(4);
    expect(await validate(rendered)).toEqual([]);
  });
});
