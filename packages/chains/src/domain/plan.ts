/** A step as deciding sees it. Waits between attempts are in seconds; the last one is repeated. */
export type PlanStep = Readonly<{
  kind: 'step';
  name: string;
  /** Largest number of attempts. */
  tries: number;
  backoff: readonly number[];
  /** Undoes the step when a chain around it fails. */
  compensation: PlanStep | null;
}>;

/** Nodes one after the other: each gets the result of the one before. A failure ends it. */
export type PlanChain = Readonly<{
  kind: 'chain';
  nodes: readonly Plan[];
  /** Carried out when the chain has failed, after the compensations. */
  onFailure: Plan | null;
}>;

/** Nodes beside each other. It ends when all have ended. */
export type PlanBatch = Readonly<{ kind: 'batch'; nodes: readonly Plan[]; allowFailures: boolean }>;

/** The steps of a handler, and the order in which they are carried out. */
export type Plan = PlanStep | PlanChain | PlanBatch;

/** Calls `visit` for each step of a plan that is part of its normal course, in order of their definition. */
export const visitSteps = (plan: Plan, visit: (step: PlanStep) => void): void => {
  if (plan.kind === 'step') visit(plan);
  else for (const node of plan.nodes) visitSteps(node, visit);
};

/** Calls `visit` for each node that is carried out when a chain of the plan fails. */
export const visitFailureNodes = (plan: Plan, visit: (node: Plan) => void): void => {
  if (plan.kind === 'step') return;
  for (const node of plan.nodes) visitFailureNodes(node, visit);
  if (plan.kind !== 'chain' || plan.onFailure === null) return;
  visit(plan.onFailure);
  visitFailureNodes(plan.onFailure, visit);
};

/** Calls `visit` for every step of a plan: of its normal course, its compensations, and those after a failure. */
export const visitAllSteps = (plan: Plan, visit: (step: PlanStep) => void): void => {
  const visitBoth = (step: PlanStep): void => {
    visit(step);
    if (step.compensation !== null) visit(step.compensation);
  };
  visitSteps(plan, visitBoth);
  visitFailureNodes(plan, (node) => visitSteps(node, visitBoth));
};
