import { eventually } from '@tidings/testing';
import type { LocalStack } from './tidings.ts';

/** The public API as a caller uses it, with the admin key of a local stack or of one of its workspaces. */
export type Api = Readonly<{
  request(method: string, path: string, body?: unknown): Promise<Readonly<{ status: number; body: unknown }>>;
  /** Creates a subscription and waits until it takes effect. */
  subscribe(
    endpointUrl: string,
    events: readonly string[],
    settings?: Readonly<Record<string, unknown>>,
  ): Promise<Readonly<{ id: string; secret: string }>>;
}>;

export const apiOf = (local: LocalStack): Api => {
  const request: Api['request'] = async (method, path, body) => {
    const response = await fetch(`${local.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${local.admin_key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : (JSON.parse(text) as unknown) };
  };
  return {
    request,
    // A restarting registry briefly responds 502 or 503: the request is repeated, as a caller would do.
    subscribe: (endpointUrl, events, settings = {}) =>
      eventually(async () => {
        const answer = await request('POST', '/v1/webhooks/subscriptions', {
          endpoint_url: endpointUrl,
          events,
          // Collectors count every request; a test that needs the test webhook requests it.
          send_test: false,
          ...settings,
        });
        if (answer.status !== 201) throw new Error(`subscribe: ${JSON.stringify(answer)}`);
        const created = answer.body as { id: string; secret: string; propagated: boolean };
        return { id: created.id, secret: created.secret };
      }),
  };
};

export type Publishing = Readonly<{
  local: LocalStack;
  type: string;
  count: number;
  /** The events are addressed to it. */
  consumerId?: string;
  batchSize?: number;
  /** The interval between the starts of two batches, in milliseconds. */
  paceMs?: number;
  /** Runs after each batch with the number of events accepted so far. */
  onProgress?: (accepted: number) => Promise<void> | void;
}>;

type BatchAnswer = Readonly<{ results?: readonly Readonly<{ status: number; id?: string }>[] }>;

const postBatch = async (
  local: LocalStack,
  events: readonly object[],
): Promise<readonly (string | null)[]> => {
  try {
    const response = await fetch(`${local.services['ingress']}/v1/events/batch`, {
      method: 'POST',
      headers: { authorization: `Bearer ${local.admin_key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ events }),
      signal: AbortSignal.timeout(15_000),
    });
    if (response.status !== 202 && response.status !== 207) return events.map(() => null);
    const { results = [] } = (await response.json()) as BatchAnswer;
    return events.map((_, i) => (results[i]?.status === 202 ? (results[i].id ?? null) : null));
  } catch {
    // Connection refused or reset while ingress restarts: the outcome is unknown, so the events are sent again with the
    // same ids.
    return events.map(() => null);
  }
};

/** Publishes until every event is accepted and repeats the rest with the same ids. Returns the accepted event ids. */
export const publishAll = async (publishing: Publishing): Promise<ReadonlySet<string>> => {
  const accepted = new Set<string>();
  const { local, type, count, consumerId, batchSize = 50, paceMs = 0 } = publishing;
  for (let start = 0; start < count; start += batchSize) {
    const startedAt = Date.now();
    let waiting = Array.from({ length: Math.min(batchSize, count - start) }, (_, i) => ({
      id: `${type}-${start + i}`,
      type,
      ...(consumerId !== undefined && { consumer_id: consumerId }),
      data: { sequence: start + i, filler: 'x'.repeat(200) },
    }));
    const deadline = Date.now() + 90_000;
    while (waiting.length > 0) {
      const results = await postBatch(local, waiting);
      const missing: typeof waiting = [];
      for (const [i, event] of waiting.entries()) {
        const id = results[i];
        if (typeof id === 'string') accepted.add(id);
        else missing.push(event);
      }
      waiting = missing;
      if (waiting.length > 0) {
        if (Date.now() > deadline) throw new Error(`${waiting.length} events were refused for 90 s`);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
    await publishing.onProgress?.(accepted.size);
    const restMs = paceMs - (Date.now() - startedAt);
    if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
  }
  return accepted;
};
