import { mkdirSync, writeFileSync } from 'node:fs';

import { mustRun } from '../local/bootstrap.mjs';

/** Installs packages of npm, each as `name@version`, into a folder that is no part of the workspace. Nothing of them is run. */
export async function installNpm(folder, packages) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/package.json`, '{"private":true,"type":"module"}');
  await mustRun('npm', [
    'install',
    '--prefix',
    folder,
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    ...packages,
  ]);
}
