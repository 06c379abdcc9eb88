import { isEventPattern, isReservedEventType } from '@tidings/contracts';
import { type Plan, visitAllSteps } from '../domain/plan.ts';
import type { HandlerNode } from './chain.ts';
import { refuse } from './refuse.ts';
import type { Step } from './step.ts';

/** Options of a handler. */
export type HandlerOptions = Readonly<{
  /**
   * Name of the handler: unique in the application, and part of the ids of its runs. Default: the event pattern, with `all`
   * for `*`.
   */
  name?: string;
  /** Attempts of its steps at one time in this process, 1 to 1,000. Default 20. */
  concurrency?: number;
  /**
   * `orderingKey`: runs whose events have the same ordering key are carried out one after the other, in the order of
   * their events; events without a key in any order. Default: all runs in any order.
   */
  orderBy?: 'orderingKey';
  /**
   * Runs in this process that have not ended, waiting ones included, 1 to 1,000,000. Default 100,000. Beyond them its events
   * wait in the log, and so do those behind them in their partitions.
   */
  maxOpenRuns?: number;
}>;

/** A handler of an application, ready to be used. */
export type Handler = Readonly<{
  name: string;
  pattern: string;
  plan: Plan;
  steps: ReadonlyMap<string, Step>;
  concurrency: number;
  isOrdered: boolean;
  maxOpenRuns: number;
}>;

const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/;
const maxConcurrency = 1_000;
const mostOpenRuns = 1_000_000;
const knownOptions = new Set(['name', 'concurrency', 'orderBy', 'maxOpenRuns']);

const nameOf = (pattern: string): string => (pattern === '*' ? 'all' : pattern.replace(/\.\*$/, '.all'));

/** Returns a handler. Throws AppError `config-invalid` for a wrong pattern or option. */
export const defineHandler = (pattern: string, node: HandlerNode, options: HandlerOptions): Handler => {
  const unknown = Object.keys(options).find((key) => !knownOptions.has(key));
  if (unknown !== undefined)
    refuse(`a handler has no option '${unknown}': the options are ${[...knownOptions].join(', ')}`);
  if (!isEventPattern(pattern))
    refuse(`an event pattern must be a name such as order.paid, order.* or *, got '${pattern}'`);
  const { name = nameOf(pattern), concurrency = 20, orderBy, maxOpenRuns = 100_000 } = options;
  if (!namePattern.test(name))
    refuse(`the name of a handler must be 1 to 128 letters, digits, '.', '_' or '-', got '${name}'`);
  if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > maxConcurrency)
    refuse(`concurrency of '${name}' must be an integer from 1 to ${maxConcurrency}, got ${concurrency}`);
  if (orderBy !== undefined && orderBy !== 'orderingKey')
    refuse(`orderBy of '${name}' must be 'orderingKey' or left out, got '${String(orderBy)}'`);
  if (!Number.isInteger(maxOpenRuns) || maxOpenRuns < 1 || maxOpenRuns > mostOpenRuns)
    refuse(`maxOpenRuns of '${name}' must be an integer from 1 to ${mostOpenRuns}, got ${maxOpenRuns}`);
  const steps = new Map<string, Step>();
  // A node is a plan whose steps have functions.
  visitAllSteps(node, (step) => void steps.set(step.name, step as Step));
  return { name, pattern, plan: node, steps, concurrency, isOrdered: orderBy !== undefined, maxOpenRuns };
};

/** Returns true if a pattern matches the name of an event type. Wildcards match no reserved name. */
export const matchesPattern = (pattern: string, eventType: string): boolean => {
  if (pattern === eventType) return true;
  if (isReservedEventType(eventType)) return false;
  return pattern === '*' || (pattern.endsWith('.*') && eventType.startsWith(pattern.slice(0, -1)));
};
