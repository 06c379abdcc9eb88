import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { BuildState, steps } from './build-state.mjs';
import { UserError } from './options.mjs';

export const root = fileURLToPath(new URL('../../', import.meta.url));
const installMarker = join(root, 'node_modules', '.tidings-installed');
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Prints one line with the time since the start. */
export function print(line) {
  console.log(line === '' || line.startsWith('  ') || line.startsWith('curl ') ? line : `${stamp()} ${line}`);
}

function stamp() {
  return `[${(performance.now() / 1000).toFixed(1).padStart(6)} s]`;
}

/**
 * Runs a script; its result is the exit code. Prints a UserError without a stack. Until `run` calls `handOver`, a
 * signal ends the running command and then this process with exit code 0: a cancelled start is no failure.
 */
export async function main(run) {
  // A closed terminal must not prevent an orderly stop of the stack.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const onSignal = () => {
    for (const child of running) child.kill('SIGTERM');
    process.exit(0);
  };
  for (const signal of stopSignals) process.on(signal, onSignal);
  const handOver = () => {
    for (const signal of stopSignals) process.removeListener(signal, onSignal);
  };
  try {
    process.exitCode = await run(handOver);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(`error: ${error.message}`);
    process.exitCode = 1;
  }
}

const running = new Set();

/** Installs the dependencies if the lockfile has changed since the last installation. */
export async function install() {
  const hash = createHash('sha256');
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', '.pnpmfile.cjs', 'package.json'])
    hash.update(readFileSync(join(root, file)));
  const wanted = hash.digest('hex');
  if (existsSync(installMarker) && readFileSync(installMarker, 'utf8') === wanted) return;
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const pnpm = packageManager.split('+')[0];
  const startedMs = performance.now();
  print(`installing dependencies with ${pnpm}`);
  const result = await runQuietly('npx', ['--yes', pnpm, 'install', '--frozen-lockfile'], {
    env: { CI: 'true' },
  });
  if (result.code !== 0) throw new UserError(installAdvice(result.output));
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  writeFileSync(installMarker, wanted);
  print(`dependencies installed in ${seconds(startedMs)}`);
}

function installAdvice(output) {
  const end = output.trim().split('\n').slice(-12).join('\n');
  if (/ENOSPC|no space left/i.test(output)) return 'the disk is full: free some space and start again.';
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|network/i.test(output)) {
    return `the npm registry cannot be reached. Check the network, or the proxy and registry in .npmrc, then start again.\n${end}`;
  }
  return `the dependencies could not be installed:\n${end}`;
}

/** Compiles what has changed, and bundles it and the console. Throws a UserError with the output of a step that fails. */
export async function build() {
  await Promise.all([
    runStep(steps.compile, 'building', [join(root, 'node_modules/typescript/bin/tsc'), '-b']).then(() =>
      runStep(steps.server, 'bundling the services', [join(root, 'deploy/local/bundle-server.mjs')]),
    ),
    runStep(steps.bundle, 'bundling the console', [join(root, 'deploy/local/bundle-console.mjs')]),
  ]);
}

async function runStep(step, name, args) {
  const state = new BuildState(root, step);
  if (state.isCurrent()) return;
  const startedMs = performance.now();
  print(name);
  const result = await runQuietly(process.execPath, args);
  if (result.code !== 0) throw new UserError(`${name} failed:\n${result.output.trim()}`);
  state.remember();
  print(`${name}: done in ${seconds(startedMs)}`);
}

/** Runs a program in the repository. Throws a UserError with the end of its output if it fails. */
export async function mustRun(command, args) {
  const { code, output } = await runQuietly(command, args);
  if (code !== 0)
    throw new UserError(`${command} failed:\n${output.trim().split('\n').slice(-12).join('\n')}`);
}

/** Runs a program in the repository and returns its output; `onOutput` receives it as it arrives. */
export async function runQuietly(command, args, { env = {}, onOutput = () => {} } = {}) {
  return await new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    let output = '';
    const keep = (chunk) => {
      output += chunk;
      onOutput(chunk);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', (error) => {
      if (error.code !== 'ENOENT') return reject(error);
      return reject(new UserError(`${command} was not found; it comes with Node.js. Check the PATH.`));
    });
    child.once('close', (code) => {
      running.delete(child);
      resolve({ code: code ?? 1, output });
    });
  });
}

/** Formats the time since a performance.now() value: `3.2 s`. */
export function seconds(startedMs) {
  return `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
}
