export { createLogger, type Logger } from '@tidings/observability';
export type { AlertTarget, FailedRun } from './alert.ts';
export type { ChainFailure, NodeOutcome } from './domain/evaluate.ts';
export {
  type Batch,
  type BatchOptions,
  batch,
  type Chain,
  type ChainOptions,
  chain,
  type HandlerNode,
} from './handlers/chain.ts';
export { NonRetriableError, RetryAfterError } from './handlers/errors.ts';
export type { HandlerOptions } from './handlers/handler.ts';
export {
  type StartingEvent,
  type Step,
  type StepContext,
  type StepFunction,
  type StepLog,
  type StepOptions,
  step,
} from './handlers/step.ts';
export { createWorker, type EventDataTypes, type Worker } from './worker/create-worker.ts';
export type { WorkerOptions } from './worker/worker-options.ts';
