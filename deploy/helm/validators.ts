import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { release } from './render.ts';
import { labelOf, type Resource } from './resource.ts';
import { strimziSchema } from './strimzi-schema.ts';

/** A resource, and the set of values with which it was rendered. */
export type Rendered = Readonly<{ set: string; resource: Resource }>;

type Model = new (data: Resource) => { validate(): void };

/** The packages with the models of resources that are no part of Kubernetes, by their API. */
const packages: Readonly<Record<string, string>> = {
  'keda.sh/v1alpha1': '@kubernetes-models/keda',
  'monitoring.coreos.com/v1': '@kubernetes-models/prometheus-operator',
  'gateway.networking.k8s.io/v1': '@kubernetes-models/gateway-api',
  'external-secrets.io/v1': '@kubernetes-models/external-secrets',
};

const required = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`set ${name}; npm run test:ops does`);
  return value;
};

const nameOf = ({ set, resource }: Rendered): string => `${set}: ${labelOf(resource)}`;
const isStrimzi = ({ resource }: Rendered): boolean => resource.apiVersion.startsWith('kafka.strimzi.io/');
const isModelled = ({ resource }: Rendered): boolean => resource.apiVersion in packages;

/** Validates resources with Kubernetes' own schemas, unknown fields refused. Returns the faults. */
function validateKubernetes(rendered: readonly Rendered[]): readonly string[] {
  const script = `
import json, sys, kubernetes_validate
for name, resource in json.load(sys.stdin):
    try:
        kubernetes_validate.validate(resource, '${release.kubeVersion.split('.').slice(0, 2).join('.')}', strict=True)
    except Exception as error:
        print(name, str(error).splitlines()[0], sep=': ')
`;
  const input = JSON.stringify(rendered.map((one) => [nameOf(one), one.resource]));
  const { stdout, stderr, status } = spawnSync(required('TEST_PYTHON'), ['-c', script], {
    input,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`kubernetes-validate: ${stderr}`);
  return stdout.split('\n').filter((line) => line !== '');
}

/** Validates values with the models, which allow unknown fields. */
async function validateModels(rendered: readonly Rendered[]): Promise<readonly string[]> {
  const folder = join(required('TEST_MODELS'), 'node_modules');
  const faults: string[] = [];
  for (const one of rendered) {
    const { apiVersion, kind } = one.resource;
    const file = join(folder, packages[apiVersion] ?? '', apiVersion, `${kind}.js`);
    const module = (await import(pathToFileURL(file).href)) as Record<string, Model>;
    const model = module[kind];
    if (model === undefined) throw new Error(`${file} has no ${kind}`);
    try {
      new model(one.resource).validate();
    } catch (error) {
      faults.push(`${nameOf(one)}: ${String(error)}`);
    }
  }
  return faults;
}

/** Has the compiler compare the resources with the types of the models, which refuses unknown fields. */
function compileModels(rendered: readonly Rendered[]): readonly string[] {
  const folder = join(required('TEST_MODELS'), 'rendered');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const lines = rendered.map(({ resource }, at) => {
    const from = `${packages[resource.apiVersion]}/${resource.apiVersion}/${resource.kind}`;
    return [
      `import type { I${resource.kind} as Type${at} } from '${from}';`,
      // As JSON on one line, so that the line of a fault is that of its resource.
      `export const resource${at}: Type${at} = ${JSON.stringify(resource)};`,
    ].join(' ');
  });
  writeFileSync(join(folder, 'resources.ts'), lines.join('\n'));
  const tsc = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));
  const options = [
    '--noEmit',
    '--skipLibCheck',
    '--strict',
    '--module',
    'esnext',
    '--moduleResolution',
    'bundler',
  ];
  const { stdout, status } = spawnSync(
    process.execPath,
    [tsc, ...options, '--ignoreConfig', 'resources.ts'],
    {
      cwd: folder,
      encoding: 'utf8',
    },
  );
  if (status === 0) return [];
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const at = Number(/^resources\.ts\((\d+),/.exec(line)?.[1] ?? 0) - 1;
      const one = rendered[at];
      return `${one === undefined ? '' : `${nameOf(one)}: `}${line}`;
    });
}

function validateStrimzi(rendered: readonly Rendered[]): readonly string[] {
  const isValid = new Ajv2020({ allErrors: true, strict: false }).compile(strimziSchema);
  return rendered.flatMap((one) =>
    isValid(one.resource) ? [] : [`${nameOf(one)}: ${JSON.stringify(isValid.errors?.slice(0, 3))}`],
  );
}

/** Validates resources by the schema of their kind, unknown fields refused. Returns the faults. */
export async function validate(rendered: readonly Rendered[]): Promise<readonly string[]> {
  const modelled = rendered.filter(isModelled);
  const strimzi = rendered.filter(isStrimzi);
  const others = rendered.filter((one) => !isModelled(one) && !isStrimzi(one));
  return [
    ...validateKubernetes(others),
    ...(modelled.length === 0 ? [] : [...(await validateModels(modelled)), ...compileModels(modelled)]),
    ...validateStrimzi(strimzi),
  ];
}
