import { Agent, request } from 'node:http';

/** Ingress URL and API key to publish with. */
export type Target = Readonly<{ ingressUrl: string; key: string }>;

export type LoadResult = Readonly<{ startedAtMs: number; acceptedAtMs: number; acceptMs: readonly number[] }>;

const epochMs = (): number => performance.timeOrigin + performance.now();

/** The rest of an event besides its type: about so many bytes of data (default 1 KB, a typical order event), and its consumer. */
export type Content = Readonly<{ dataBytes?: number; consumerId?: string }>;

const fillers = new Map<number, string>();
const fillerOf = (dataBytes: number): string => {
  const known = fillers.get(dataBytes) ?? 'x'.repeat(Math.max(0, dataBytes - 124));
  fillers.set(dataBytes, known);
  return known;
};

const bodyOf = (type: string, sequence: number, { dataBytes = 1_024, consumerId }: Content = {}): string => {
  const consumer = consumerId === undefined ? '' : `"consumer_id":"${consumerId}",`;
  const sentAt = epochMs().toFixed(3);
  return `{"type":"${type}",${consumer}"data":{"sequence":${sequence},"sent_at":${sentAt},"filler":"${fillerOf(dataBytes)}"}}`;
};

/**
 * Posts one event and returns the milliseconds until its 202. Any other response is an error: a benchmark loses no
 * event.
 */
const postOne = (agent: Agent, target: Target, body: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const outgoing = request(
      `${target.ingressUrl}/v1/events`,
      {
        method: 'POST',
        agent,
        headers: {
          authorization: `Bearer ${target.key}`,
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        },
      },
      (response) => {
        response.resume();
        response.once('end', () => {
          if (response.statusCode === 202) resolve(performance.now() - startedAt);
          else reject(new Error(`ingress answered ${response.statusCode}`));
        });
      },
    );
    outgoing.once('error', reject);
    outgoing.end(body);
  });

export type Flood = Readonly<{
  target: Target;
  type: string;
  count: number;
  concurrency: number;
  contentOf?: (sequence: number) => Content;
}>;

/** Posts `count` events as fast as they are accepted, `concurrency` at a time. */
export const flood = async ({ target, type, count, concurrency, contentOf }: Flood): Promise<LoadResult> => {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const acceptMs: number[] = [];
  const startedAtMs = epochMs();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const sequence = next;
      next += 1;
      acceptMs.push(await postOne(agent, target, bodyOf(type, sequence, contentOf?.(sequence))));
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  agent.destroy();
  return { startedAtMs, acceptedAtMs: epochMs(), acceptMs };
};

export type Pace = Readonly<{
  target: Target;
  typeOf: (sequence: number) => string;
  perSecond: number;
  seconds: number;
}>;

/** Posts at a steady rate without waiting for earlier responses (no coordinated omission). */
export const paced = async ({ target, typeOf, perSecond, seconds }: Pace): Promise<LoadResult> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const acceptMs: number[] = [];
  const startedAtMs = epochMs();
  const waiting: Promise<void>[] = [];
  for (let sequence = 0; sequence < perSecond * seconds; sequence += 1) {
    const dueInMs = startedAtMs + (sequence * 1_000) / perSecond - epochMs();
    if (dueInMs > 0) await new Promise((resolve) => setTimeout(resolve, dueInMs));
    waiting.push(
      postOne(agent, target, bodyOf(typeOf(sequence), sequence)).then((ms) => {
        acceptMs.push(ms);
      }),
    );
  }
  await Promise.all(waiting);
  agent.destroy();
  return { startedAtMs, acceptedAtMs: epochMs(), acceptMs };
};
