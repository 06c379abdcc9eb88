// `npm run audit`: asks the registry for advisories about every locked package. Needs a network; no other check does.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

import { askRegistry, judgeAdvisories } from './ask-registry.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (path) => parse(readFileSync(join(root, path), 'utf8'));

const registry =
  process.env.npm_config_registry ??
  execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim();
const ids = Object.keys(read('pnpm-lock.yaml').packages);
const today = new Date().toISOString().slice(0, 10);

try {
  const found = await askRegistry(registry, ids);
  const { open, accepted } = judgeAdvisories(found, read('deploy/audit/allowed.yaml').advisories, today);
  for (const { id, package: name, locked, severity, title, range } of open)
    console.log(`${severity}: ${name} ${locked.join(', ')} (${range}): ${title} ${id}`);
  console.log(`${ids.length} packages, ${open.length} advisories to look at, ${accepted.length} accepted`);
  process.exitCode = open.length > 0 ? 1 : 0;
} catch (error) {
  console.log(`error: the registry cannot be asked: ${error.message}. Nothing was audited.`);
  process.exitCode = 2;
}
