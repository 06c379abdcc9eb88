import type { RunEvent } from '@tidings/contracts';
import type { LogFields } from '@tidings/observability';
import type { PlanStep } from '../domain/plan.ts';
import { refuse } from './refuse.ts';

/** The event that started a run, with its data parsed. */
export type StartingEvent<Data = unknown> = Omit<RunEvent, 'partition' | 'offset' | 'traceparent'> &
  Readonly<{
    /** Undefined if the data are in the object storage (`large`). */
    data: Data;
  }>;

/** A logger whose lines carry run, step and attempt. */
export type StepLog = Readonly<
  Record<'debug' | 'info' | 'warn' | 'error', (fields: LogFields, event: string) => void>
>;

/** The circumstances of one attempt. */
export type StepContext<Data = unknown> = Readonly<{
  event: StartingEvent<Data>;
  runId: string;
  /** From 1. */
  attempt: number;
  /** The same on every attempt of this step of this run. Pass it to whatever the step calls. */
  idempotencyKey: string;
  /** Aborted at the timeout, and when the worker loses the run or stops. Pass it to whatever the step awaits. */
  signal: AbortSignal;
  /** Results of the steps that have succeeded, by name. */
  results: Readonly<Record<string, unknown>>;
  log: StepLog;
}>;

/** The work of a step. What it returns is kept as JSON; undefined as null. */
export type StepFunction<Input = unknown, Result = unknown> = (
  input: Input,
  context: StepContext,
) => Result | Promise<Result>;

/** Options of a {@link step}. Times in seconds. */
export type StepOptions<Result = unknown> = Readonly<{
  /** Largest number of attempts, 1 to 100, and more than `backoff` has waits. Default: one more. */
  tries?: number;
  /**
   * Waits between attempts, each at most 604,800 (7 days); the last is repeated up to `tries`, `[]` waits never. Default
   * 30, 60, 120, 300, 600, or as many of them as `tries` needs.
   */
  backoff?: readonly number[];
  /** Seconds after which an attempt counts as failed, 0.001 to 86,400. Default 60. */
  timeout?: number;
  /** Undoes the step if a chain around it fails later. Gets its result; is tried like the step itself. */
  compensate?: StepFunction<Result, unknown>;
}>;

/** A named piece of work that is tried until it succeeds. Made by {@link step}. */
export type Step<Input = never, Result = unknown> = Omit<PlanStep, 'compensation'> &
  Readonly<{
    timeoutMs: number;
    run: StepFunction<Input, Result>;
    compensation: Step | null;
  }>;

const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}$/;
const defaultBackoff = [30, 60, 120, 300, 600] as const;
const limits = { tries: 100, backoffSeconds: 604_800, backoffs: 100, timeoutSeconds: 86_400 } as const;

const checkOptions = (
  name: string,
  { tries, backoff, timeout }: Required<Pick<StepOptions, 'tries' | 'backoff' | 'timeout'>>,
): void => {
  if (!namePattern.test(name))
    refuse(`the name of a step must be 1 to 64 letters, digits, '.', '_' or '-', got '${name}'`);
  if (!Number.isInteger(tries) || tries < 1 || tries > limits.tries)
    refuse(`tries of step '${name}' must be an integer from 1 to ${limits.tries}, got ${tries}`);
  const wrong = backoff.find((seconds) => !(seconds >= 0 && seconds <= limits.backoffSeconds));
  if (wrong !== undefined)
    refuse(`backoff of step '${name}' must have seconds from 0 to ${limits.backoffSeconds}, got ${wrong}`);
  if (backoff.length > limits.backoffs)
    refuse(`backoff of step '${name}' must have at most ${limits.backoffs} waits, got ${backoff.length}`);
  if (backoff.length >= tries)
    refuse(
      `step '${name}' has ${backoff.length} waits in backoff, but tries ${tries} ends before the last of them: give ${tries - 1} waits, or tries from ${backoff.length + 1} on`,
    );
  if (!(timeout >= 0.001 && timeout <= limits.timeoutSeconds))
    refuse(`timeout of step '${name}' must be 0.001 to ${limits.timeoutSeconds} seconds, got ${timeout}`);
};

const knownOptions = new Set(['tries', 'backoff', 'timeout', 'compensate']);

/**
 * Defines a step. Its name is kept with its result: a run that has it goes on under later versions of the code, so a step
 * with another meaning needs another name. Throws AppError `config-invalid` if an option is out of bounds.
 */
export function step<Input, Result>(name: string, run: StepFunction<Input, Result>): Step<Input, Result>;
export function step<Input, Result>(
  name: string,
  options: StepOptions<Result>,
  run: StepFunction<Input, Result>,
): Step<Input, Result>;
export function step<Input, Result>(
  name: string,
  given: StepOptions<Result> | StepFunction<Input, Result>,
  work?: StepFunction<Input, Result>,
): Step<Input, Result> {
  const options: StepOptions<Result> = typeof given === 'function' ? {} : given;
  const run = typeof given === 'function' ? given : work;
  if (typeof run !== 'function') return refuse(`step '${name}' needs a function, got ${typeof run}`);
  const unknown = Object.keys(options).find((key) => !knownOptions.has(key));
  if (unknown !== undefined)
    refuse(`step '${name}' has no option '${unknown}': the options are ${[...knownOptions].join(', ')}`);
  const { backoff = defaultBackoff, timeout = 60, compensate } = options;
  const { tries = backoff.length + 1 } = options;
  // The default list is as long as it needs to be.
  const waits = options.backoff === undefined ? backoff.slice(0, Math.max(0, tries - 1)) : backoff;
  checkOptions(name, { tries, backoff: waits, timeout });
  const common = { kind: 'step', tries, backoff: [...waits], timeoutMs: timeout * 1_000 } as const;
  const compensation: Step | null =
    compensate === undefined
      ? null
      : { ...common, name: `${name}:compensate`, run: compensate as StepFunction<never>, compensation: null };
  return { ...common, name, run, compensation };
}
