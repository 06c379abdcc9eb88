import { type Problem, problemFromError } from '@tidings/http';
import { problemBody } from '../adapters/accepted-response.ts';
import type { LineFailure, LinesResult } from './accept-event-lines.ts';

/** The response to a stream of lines. `results` are those that were not accepted. */
export type LinesResponse = Readonly<{
  status: 202 | 207;
  retryAfterSeconds: number | undefined;
  body: Readonly<{ accepted: number; refused: number; results: readonly object[]; stopped?: object }>;
}>;

/** Builds the response to a stream: 202 if every line was accepted, else 207 with the lines that were not. */
export function linesResponse({ accepted, refused, failures, stopped }: LinesResult): LinesResponse {
  const problems = failures.map(({ line, error }) => ({ line, problem: problemFromError(error) }));
  const stop = stopped === undefined ? undefined : shown(stopped.line, problemFromError(stopped.error));
  const retries = problems.filter(({ problem }) => problem.status === 503);
  const retryAfterMs = Math.max(0, ...retries.map(({ problem }) => problem.retryAfterMs ?? 0));
  const results = problems.map(({ line, problem }) => shown(line, problem));
  return {
    status: refused === 0 && stop === undefined ? 202 : 207,
    retryAfterSeconds: retries.length > 0 ? Math.max(1, Math.ceil(retryAfterMs / 1_000)) : undefined,
    body: { accepted, refused, results, ...(stop !== undefined && { stopped: stop }) },
  };
}

const shown = (line: LineFailure['line'], problem: Problem): object => ({
  line,
  status: problem.status,
  problem: problemBody(problem),
});
