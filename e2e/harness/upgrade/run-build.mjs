import { appendFileSync, readFileSync } from 'node:fs';
import { register } from 'node:module';

// Loaded by `node --import` into the processes of a stack: one that runs services runs those of another build instead. The file
// BUILD_TO_RUN names that build; BUILDS_RUN gets a line for each process, its pid and its build. The console is always that of
// the stack.

const { BUILD_TO_RUN: chosen, BUILDS_RUN: log, SERVICES: services } = process.env;
const entry = /services[\\/]server[\\/]dist[\\/]server\.mjs$/;

if (
  chosen !== undefined &&
  log !== undefined &&
  services !== 'console' &&
  entry.test(process.argv[1] ?? '')
) {
  const { name, url } = JSON.parse(readFileSync(chosen, 'utf8'));
  appendFileSync(log, `${process.pid} ${name}\n`);
  const hook = `export async function resolve(specifier, context, next) {
    return context.parentURL === undefined
      ? { url: ${JSON.stringify(url)}, format: 'module', shortCircuit: true }
      : next(specifier, context);
  }`;
  // Without an address, the program of the stack runs.
  if (url !== null) register(`data:text/javascript,${encodeURIComponent(hook)}`);
}
