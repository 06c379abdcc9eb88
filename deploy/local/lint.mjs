import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { root } from './bootstrap.mjs';

// Runs the lint rules of .oxlintrc.json, typed ones included. Requires a finished `tsc -b`: a project that imports
// another one reads its declarations.
const bin = join(root, 'node_modules', '.bin', 'oxlint');
const folders = ['packages', 'services', 'e2e', 'bench', 'deploy'];
const args = ['--type-aware', '--deny-warnings', '--report-unused-disable-directives', ...folders];
process.exitCode = spawnSync(bin, args, { cwd: root, stdio: 'inherit' }).status ?? 1;
