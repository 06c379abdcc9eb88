import type { NodeOutcome } from '../domain/evaluate.ts';
import { visitAllSteps } from '../domain/plan.ts';
import { refuse } from './refuse.ts';
import type { Step } from './step.ts';

/** Nodes one after the other. Made by {@link chain}. */
export type Chain<Input = never, Result = unknown> = Readonly<{
  kind: 'chain';
  nodes: readonly HandlerNode[];
  onFailure: HandlerNode | null;
}> &
  Carries<Input, Result>;

/** Nodes beside each other. Made by {@link batch}. */
export type Batch<Input = never, Result = unknown> = Readonly<{
  kind: 'batch';
  nodes: readonly HandlerNode[];
  allowFailures: boolean;
}> &
  Carries<Input, Result>;

/** Types of what goes into a node and comes out of it. No such property exists at run time. */
declare const types: unique symbol;
type Carries<Input, Result> = Readonly<{ [types]?: (input: Input) => Result }>;

/** A step, chain or batch: what a handler consists of. */
export type HandlerNode<Input = never, Result = unknown> =
  | Step<Input, Result>
  | Chain<Input, Result>
  | Batch<Input, Result>;

type InputOf<N> = N extends Step<infer I, unknown> ? I : N extends Carries<infer I, unknown> ? I : never;
type ResultOf<N> =
  N extends Step<never, infer R> ? Awaited<R> : N extends Carries<never, infer R> ? R : unknown;

type LastOf<N extends readonly unknown[]> = N extends readonly [...unknown[], infer L]
  ? ResultOf<L>
  : unknown;
/** A step that takes no input can begin with any. */
type Begins<I> = [I] extends [never] ? unknown : I;
type FirstOf<N extends readonly unknown[]> = N extends readonly [infer F, ...unknown[]]
  ? Begins<InputOf<F>>
  : never;

const steps = (nodes: readonly HandlerNode[], what: string): void => {
  if (nodes.length === 0) refuse(`a ${what} needs at least one step, got none`);
  const names = new Set<string>();
  for (const node of nodes) {
    visitAllSteps(node, ({ name }) => {
      if (names.has(name))
        refuse(
          `two steps of a ${what} are named '${name}': give each a name of its own, results are kept by name`,
        );
      names.add(name);
    });
  }
};

/** Options of a {@link chain}. `onFailure` is carried out once the chain has failed, after the compensations. */
export type ChainOptions = Readonly<{ onFailure?: HandlerNode }>;

/**
 * Carries out nodes one after the other; each gets the result of the one before, the first one the input of the chain.
 * Ends at the first that fails for good: then the steps that succeeded in it are compensated in reverse order, and
 * `onFailure` is carried out with `{ step, error }`.
 */
export function chain<const N extends readonly HandlerNode[]>(
  nodes: N,
  { onFailure }: ChainOptions = {},
): Chain<FirstOf<N>, LastOf<N>> {
  steps(onFailure === undefined ? nodes : [...nodes, onFailure], 'chain');
  return { kind: 'chain', nodes: [...nodes], onFailure: onFailure ?? null };
}

/** Options of a {@link batch}. `allowFailures`: it succeeds whatever its nodes do, and reports each. Default false. */
export type BatchOptions = Readonly<{ allowFailures?: boolean }>;

type BatchResult<N extends readonly unknown[], O> = O extends { allowFailures: true }
  ? { [K in keyof N]: NodeOutcome }
  : { [K in keyof N]: ResultOf<N[K]> };

/**
 * Carries out nodes beside each other, each with the input of the batch, and waits for all of them. Its result is the list
 * of theirs; with `allowFailures` a list of `{ status: 'succeeded', result }` and `{ status: 'failed', step, error }`.
 */
export function batch<const N extends readonly HandlerNode[], const O extends BatchOptions = object>(
  nodes: N,
  options?: O,
): Batch<FirstOf<N>, BatchResult<N, O>> {
  steps(nodes, 'batch');
  return { kind: 'batch', nodes: [...nodes], allowFailures: options?.allowFailures ?? false };
}
