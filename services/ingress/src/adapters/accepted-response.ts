import { type Problem, problemFromError, problemTable } from '@tidings/http';
import type { Accepted } from '../accept-event.ts';
import type { ItemResult } from '../accept-event-batch.ts';

/** The response to a batch. `results` are in the order of the items. */
export type BatchResponse = Readonly<{
  status: 202 | 207;
  retryAfterSeconds: number | undefined;
  body: Readonly<{ results: readonly object[] }>;
}>;

/** Builds the body of a 202. `warnings` is present only if the data break the schema of a type that warns. */
export const acceptedBody = ({ id, type, acceptedAtMs, notice }: Accepted): object => ({
  id,
  type,
  accepted_at: new Date(acceptedAtMs).toISOString(),
  ...(notice === null || notice.warnings.length === 0 ? {} : { warnings: notice.warnings }),
});

// A batch response has one set of headers for many items: the headers of a single event's response are fields here.
const deprecationOf = ({ notice }: Accepted): object => ({
  ...(notice === null || notice.deprecatedAtMs === null
    ? {}
    : { deprecated_at: new Date(notice.deprecatedAtMs).toISOString() }),
  ...(notice === null || notice.sunsetAtMs === null
    ? {}
    : { sunset_at: new Date(notice.sunsetAtMs).toISOString() }),
});

/**
 * Builds the response to a batch: 202 if every item was accepted, otherwise 207. Each result of a 207 has its
 * own status, and Retry-After is set if a repeat of one of them may succeed. If all of them are 503, so is
 * the response: the first error is thrown.
 */
export const batchResponse = (results: readonly ItemResult[]): BatchResponse => {
  let status: 202 | 207 = 202;
  let retryAfterMs = 0;
  let unavailable = 0;
  const responses = results.map((result) => {
    if (result.ok)
      return { status: 202, ...acceptedBody(result.accepted), ...deprecationOf(result.accepted) };
    const problem = problemFromError(result.error);
    status = 207;
    if (problem.status === 503) {
      unavailable += 1;
      retryAfterMs = Math.max(retryAfterMs, problem.retryAfterMs ?? 0);
    }
    return { status: problem.status, problem: problemBody(problem) };
  });
  const [first] = results;
  if (unavailable === results.length && first !== undefined && !first.ok) throw first.error;
  const retryAfterSeconds = unavailable > 0 ? Math.max(1, Math.ceil(retryAfterMs / 1_000)) : undefined;
  return { status, retryAfterSeconds, body: { results: responses } };
};

/** Builds a problem as a field of a response. */
export const problemBody = ({ status, code, detail, errors }: Problem): object => ({
  type: `/problems/${code}`,
  title: problemTable[code].title,
  status,
  detail,
  code,
  ...(errors === undefined ? {} : { errors }),
});
