import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import type { Resource } from './resource.ts';
import { valueSets } from './value-sets.ts';

/** The folder of the chart. */
export const chartFolder = fileURLToPath(new URL('tidings', import.meta.url));

/** The release that is rendered. */
export const release = { name: 'tidings', namespace: 'webhooks', kubeVersion: '1.34.0' } as const;

/** Runs the program of the variable TEST_HELM, which `npm run test:ops` sets. */
export function helm(
  args: readonly string[],
  values: unknown = {},
): Readonly<{ code: number | null; output: string; errors: string }> {
  const program = process.env['TEST_HELM'];
  if (program === undefined)
    throw new Error('set TEST_HELM to the program helm; npm run test:ops installs it');
  const { status, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    input: JSON.stringify(values),
    maxBuffer: 64 * 1024 * 1024,
  });
  // The rules and dashboards of the chart are links to where they are made.
  return { code: status, output: stdout, errors: stderr.replace(/^.*found symbolic link.*\n/gm, '') };
}

/** Parses what `helm template` prints. */
export const readResources = (output: string): readonly Resource[] =>
  parseAllDocuments(output).flatMap((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0];
    const resource = document.toJS() as Resource | null;
    return resource === null ? [] : [resource];
  });

/** Renders the chart with values, an object; throws what helm says if it refuses them. */
export function render(values: unknown, more: readonly string[] = []): readonly Resource[] {
  const { name, namespace, kubeVersion } = release;
  const { code, output, errors } = helm(
    ['template', name, chartFolder, '-n', namespace, '--kube-version', kubeVersion, '-f', '-', ...more],
    values,
  );
  if (code !== 0) throw new Error(errors);
  return readResources(output);
}

const rendered = new Map<string, readonly Resource[]>();

/** Renders the chart with a set of values, once. */
export function resourcesOf(set: string): readonly Resource[] {
  const known = rendered.get(set) ?? render(valueSets[set]);
  rendered.set(set, known);
  return known;
}
