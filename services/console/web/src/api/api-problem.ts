import type { components } from './generated.ts';

type Problem = components['schemas']['Problem'];

/** A problem that the API answered with, or a request that got no answer (`status` 0). */
export class ApiProblem extends Error {
  readonly status: number;
  readonly code: Problem['code'] | 'network';
  readonly traceId: string | undefined;
  /** The messages of a form's fields, by JSON pointer without its first slash: `endpoint_url`, `filters/0/value`. */
  readonly fields: ReadonlyMap<string, string>;

  constructor(status: number, problem: Partial<Problem> & Readonly<{ detail: string }>) {
    super(problem.detail);
    this.name = 'ApiProblem';
    this.status = status;
    this.code = status === 0 ? 'network' : (problem.code ?? 'internal');
    this.traceId = problem.traceId;
    this.fields = new Map(
      (problem.errors ?? []).map((error) => [error.pointer.replace(/^\//, ''), error.detail]),
    );
  }
}

/** Returns the problem that an error is, if it is one. */
export const problemOf = (error: unknown): ApiProblem | null => (error instanceof ApiProblem ? error : null);
