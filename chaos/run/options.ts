import { parseArgs } from 'node:util';

/** The settings of a run; see {@link helpText}. */
export type ChaosOptions = Readonly<{
  minutes: number;
  seed: number;
  rate: number;
  brokers: 1 | 3;
  instances: number;
  portBase: number;
  fullDisks: boolean;
  keep: boolean;
}>;

export const helpText = `npm run chaos [-- options]

  Starts a stack, publishes to it, breaks parts of it at random, waits until everything has ended, and lets an independent
  program judge what the endpoints received. docs/reliability.md describes the faults and the rules.

  --minutes N     how long parts are broken, 1 to 1440 (default: 5); waiting for the end comes on top
  --seed N        the same seed breaks the same parts at the same times (default: drawn and printed)
  --rate N        events a second, 1 to 1000 (default: 30), each for up to ten subscriptions; a fifth as many webhooks on top
  --brokers 1|3   size of the Kafka cluster (default: 3); of a single broker nothing is broken
  --instances N   processes of each kind, 1 to 4 (default: 2)
  --port-base N   first of some 60 ports of the stack (default: 18700)
  --full-disks    also fill the disks of brokers and of spools: each gets a file system of its own in memory (Linux, as root)
  --keep          keep the folder of the run, with its history and logs, also if every rule was kept
  --help          this text
`;

/** A mistake in the arguments: printed without a stack. */
export class UsageError extends Error {}

const wholeNumber = (name: string, text: string, [min, max]: readonly [number, number]): number => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value > max)
    throw new UsageError(`--${name} must be an integer from ${min} to ${max}, got '${text}'`);
  return value;
};

/** Reads the arguments. Returns null for `--help`. Throws a {@link UsageError}. */
export const readOptions = (args: readonly string[], drawnSeed: number): ChaosOptions | null => {
  const values = (() => {
    try {
      const text = { type: 'string' } as const;
      const flag = { type: 'boolean' } as const;
      const numbers = {
        minutes: text,
        seed: text,
        rate: text,
        brokers: text,
        instances: text,
        'port-base': text,
      };
      return parseArgs({
        args: [...args],
        options: { ...numbers, 'full-disks': flag, keep: flag, help: flag },
      }).values;
    } catch (error) {
      throw new UsageError(error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
    }
  })();
  if (values.help === true) return null;
  const brokers = values.brokers ?? '3';
  if (brokers !== '1' && brokers !== '3') throw new UsageError(`--brokers must be 1 or 3, got '${brokers}'`);
  return {
    minutes: wholeNumber('minutes', values.minutes ?? '5', [1, 1_440]),
    seed: wholeNumber('seed', values.seed ?? String(drawnSeed), [0, 2 ** 32 - 1]),
    rate: wholeNumber('rate', values.rate ?? '30', [1, 1_000]),
    brokers: brokers === '1' ? 1 : 3,
    instances: wholeNumber('instances', values.instances ?? '2', [1, 4]),
    portBase: wholeNumber('port-base', values['port-base'] ?? '18700', [1, 65_400]),
    fullDisks: values['full-disks'] === true,
    keep: values.keep === true,
  };
};
