import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ChaosOptions, helpText, readOptions, UsageError } from './options.ts';
import { runChaos } from './run-chaos.ts';

// Whoever reads the output may end first: the stack is stopped in order all the same.
process.stdout.on('error', () => {});
const print = (line: string): void => void process.stdout.write(`${line}\n`);

const run = async (options: ChaosOptions): Promise<number> => {
  const folder = await mkdtemp(join(tmpdir(), 'tidings-chaos-'));
  const abort = new AbortController();
  const onSignal = (): void => {
    print('ending: the stack is being stopped');
    abort.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, onSignal);
  const code = await runChaos({ options, folder, print, signal: abort.signal }).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  });
  if (code === 0 && !options.keep) await rm(folder, { recursive: true, force: true });
  else print(`history and logs: ${folder}; npm run chaos -- --seed ${options.seed} repeats the faults`);
  return code;
};

const main = async (args: readonly string[]): Promise<number> => {
  try {
    const options = readOptions(args, Math.floor(Math.random() * 2 ** 32));
    if (options !== null) return await run(options);
    process.stdout.write(helpText);
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n\n${helpText}`);
    return 2;
  }
};

process.exitCode = await main(process.argv.slice(2));
