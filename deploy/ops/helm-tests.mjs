import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { print, root, runQuietly } from '../local/bootstrap.mjs';
import { UserError } from '../local/options.mjs';
import { installPython } from '../local/python.mjs';
import { runSuite } from '../local/suites.mjs';
import { installNpm } from './install-npm.mjs';

const helmVersion = 'v3.22.0';
const requirements = fileURLToPath(new URL('kubernetes-requirements.txt', import.meta.url));
/** Definitions of resources that are no part of Kubernetes, as types and validators. */
const models = [
  '@kubernetes-models/keda@2.0.0',
  '@kubernetes-models/prometheus-operator@6.0.0',
  '@kubernetes-models/gateway-api@2.0.0',
  '@kubernetes-models/external-secrets@2.0.0',
];

/**
 * Installs helm by Go, Kubernetes' schemas by pip and those of other resources by npm at the first run, then runs the project
 * `helm`: the chart, rendered with every kind of values. Returns the number of passed and failed tests.
 * @returns {Promise<{ passed: number, failed: number }>}
 */
export async function runHelmTests() {
  process.env['TEST_HELM'] = await installHelm();
  process.env['TEST_PYTHON'] = join(await installPython('kubernetes-venv', requirements), 'python');
  process.env['TEST_MODELS'] = await installModels();
  return await runSuite('helm');
}

async function installHelm() {
  const folder = join(root, '.tidings', `helm-${helmVersion}`);
  const program = join(folder, 'helm');
  if (existsSync(program)) return program;
  if (spawnSync('go', ['version']).status !== 0)
    throw new UserError('Go was not found. Install Go 1.25 or newer: helm is built with it.');
  print(`installing helm ${helmVersion}`);
  const module = `helm.sh/helm/v3/cmd/helm@${helmVersion}`;
  const { code, output } = await runQuietly('go', ['install', module], { env: { GOBIN: folder } });
  if (code !== 0) throw new UserError(`go install ${module} failed:\n${output.trim().slice(-2_000)}`);
  return program;
}

async function installModels() {
  const folder = join(root, '.tidings', 'kubernetes-models');
  const wanted = models.join(' ');
  const marker = join(folder, '.installed');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return folder;
  print('installing the definitions of resources');
  await installNpm(folder, models);
  writeFileSync(marker, wanted);
  return folder;
}
