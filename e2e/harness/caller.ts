import { eventually } from '@tidings/testing';
import { type ApiRequest, bodyOf, sendRequest } from './send-request.ts';
import type { LocalStack } from './tidings.ts';

/** A client that calls the API with one key. */
export class Caller {
  readonly #url: string;
  readonly #key: string;

  constructor(url: string, key: string) {
    this.#url = url;
    this.#key = key;
  }

  /** Sends a request that must succeed and returns the JSON of the response. */
  async call<T = Readonly<{ id: string }>>(method: string, path: string, body?: unknown): Promise<T> {
    const request: ApiRequest = { key: this.#key, method, path: `/v1${path}`, body };
    return bodyOf<T>(await sendRequest(this.#url, request), 200, 201, 202);
  }

  /** Returns the data of a list once it has `count` entries. */
  async list(path: string, count: number): Promise<readonly Readonly<{ id: string }>[]> {
    return eventually(
      async () => {
        const { data } = await this.call<{ data: readonly Readonly<{ id: string }>[] }>('GET', path);
        if (data.length < count) throw new Error(`${path} has ${data.length} of ${count}`);
        return data;
      },
      { timeoutMs: 60_000 },
    );
  }

  /** Creates a key and returns it once every service accepts it. */
  async newKey(local: LocalStack, body: object): Promise<Readonly<{ id: string; key: string }>> {
    const created = await this.call<{ id: string; key: string }>('POST', '/webhooks/api-keys', {
      requests_per_second: 100_000,
      ...body,
    });
    await untilKnown(local, created.key);
    return created;
  }

  /** Creates a consumer token and returns it once every service accepts it. */
  async newToken(local: LocalStack, body: object): Promise<string> {
    const { token } = await this.call<{ token: string }>('POST', '/webhooks/consumer-tokens', body);
    await untilKnown(local, token);
    return token;
  }
}

/** A read-only request to each service that checks keys. */
const guarded = {
  ingress: { method: 'POST', path: '/v1/events' },
  subscription: { method: 'GET', path: '/v1/webhooks/subscriptions' },
  history: { method: 'GET', path: '/v1/webhooks/deliveries' },
} as const;

type Guard = keyof typeof guarded;

/** The services that check keys. */
export const guards = Object.keys(guarded) as readonly Guard[];

/** Returns the status of a read-only request to a service: 401 if the service does not accept the key. */
export async function statusAt(url: string, service: Guard, key: string): Promise<number> {
  const { status } = await sendRequest(url, {
    ...guarded[service],
    key,
    body: service === 'ingress' ? '' : undefined,
  });
  return status;
}

async function untilKnown({ services }: LocalStack, key: string): Promise<void> {
  for (const service of guards) {
    await eventually(async () => {
      const status = await statusAt(String(services[service]), service, key);
      if (status === 401) throw new Error(`${service} does not accept the key yet`);
    });
  }
}

/** Waits until no job of a caller is running. */
export async function untilJobsEnd(caller: Caller): Promise<void> {
  await eventually(async () => {
    const path = '/webhooks/jobs?limit=100';
    const { data } = await caller.call<{ data: readonly Readonly<{ state: string }>[] }>('GET', path);
    if (data.some(({ state }) => state === 'queued' || state === 'running'))
      throw new Error('a job is running');
  });
}

type Listed = Readonly<{ attempt_count?: number }>;
type Figures = Readonly<{ total: Readonly<{ accepted: number; attempts: number }> }>;

/** Waits until the statistics of a caller count all events and attempts that its lists show: they follow by seconds. */
export async function untilCounted(caller: Caller): Promise<void> {
  const listed = async (name: string): Promise<readonly Listed[]> =>
    (await caller.call<{ data: readonly Listed[] }>('GET', `/webhooks/${name}?limit=100`)).data;
  await eventually(
    async () => {
      const [events, deliveries] = [await listed('events'), await listed('deliveries')];
      const attempts = deliveries.reduce((sum, { attempt_count: count = 0 }) => sum + count, 0);
      const { total } = await caller.call<Figures>('GET', '/webhooks/stats');
      if (total.accepted === events.length && total.attempts === attempts) return;
      throw new Error(`${JSON.stringify(total)} of ${events.length} events and ${attempts} attempts`);
    },
    { timeoutMs: 30_000 },
  );
}
