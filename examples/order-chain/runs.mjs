import { appName } from './worker.mjs';

/**
 * Follows the runs of the worker application that have started since `since`, as GET /v1/webhooks/runs shows them.
 * `refresh` resolves to all of them with their steps, oldest first.
 */
export function followRuns({ api, since }) {
  const known = new Map();
  const list = async (cursor) => {
    const query = new URLSearchParams({ app: appName, started_after: since, limit: '100', ...cursor });
    const { data, next_cursor: next } = await api('GET', `/webhooks/runs?${query}`);
    return next ? [...data, ...(await list({ cursor: next }))] : data;
  };
  const refresh = async () => {
    for (const { id, changed_at: changedAt } of (await list({})).reverse()) {
      // The list has no steps.
      if (known.get(id)?.changed_at !== changedAt) known.set(id, await api('GET', `/webhooks/runs/${id}`));
    }
    return [...known.values()];
  };
  return { refresh };
}

/** Returns true if nothing more happens in a run. */
export const hasEnded = ({ status }) => ['completed', 'failed', 'cancelled'].includes(status);
