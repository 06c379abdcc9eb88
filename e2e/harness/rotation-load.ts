import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { postAsGitHub } from './github-webhooks.ts';

/** The keys and the address that callers use at the moment: a rotation changes them while they go on. */
export type InUse = {
  /** The console to which a load balancer sends requests. */
  consoleUrl: string;
  apiKey: string;
  sourceSecret: string;
  /** The partner that gets tokens and links to the portal, and the key that asks for them; null: none. */
  partner: Readonly<{ consumer: string; askedWith: string }> | null;
};

/** Publishers, a provider and a partner that go on until they are stopped, and repeat nothing. */
export type RotationLoad = Readonly<{
  /** The numbers of the events that were accepted. */
  accepted: readonly number[];
  /** The key pairs that signed the tokens which the partner got and used, each with their number. */
  tokens: ReadonlyMap<string, number>;
  /** Requests that were answered with another status than 2xx, or failed. */
  failures: readonly string[];
  stop(): Promise<void>;
}>;

const everyMs = 25;
// Of each so many requests one is that of the provider, and one that of a partner.
const othersEvery = 8;

/** Returns the id of the key pair that signed a token. */
export const signerOf = (token: string): string =>
  (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as Readonly<{ kid: string }>)
    .kid;

/**
 * Publishes 35 events a second and sends five webhooks of GitHub to the source, with what is in use when each is sent. While
 * there is a partner, it comes five times a second, by a token or a link to the portal, instead of as many events.
 */
export function startRotationLoad(
  inUse: Readonly<InUse>,
  { type, sourceId }: Readonly<{ type: string; sourceId: string }>,
): RotationLoad {
  const accepted: number[] = [];
  const failures: string[] = [];
  const tokens = new Map<string, number>();
  const underWay = new Set<Promise<void>>();
  let isOver = false;

  const publish = async (number: number): Promise<void> => {
    const response = await fetch(`${inUse.consoleUrl}/v1/events`, {
      method: 'POST',
      headers: { authorization: `Bearer ${inUse.apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({ type, data: { number } }),
    });
    const text = await response.text();
    if (response.status === 202) accepted.push(number);
    else failures.push(`event ${number}: ${response.status} ${text}`);
  };

  const sendAsProvider = async (number: number): Promise<void> => {
    const url = `${inUse.consoleUrl}/v1/sources/${sourceId}`;
    const webhook = { event: 'ping', body: '{}', delivery: randomUUID() };
    const response = await postAsGitHub(url, webhook, inUse.sourceSecret);
    const text = await response.text();
    // 202: it is in the spool.
    if (!response.ok) failures.push(`webhook ${number}: ${response.status} ${text}`);
  };

  /** Asks for a token or a link, and reads with it at once what subscription and history serve. */
  const visit = async (
    number: number,
    { consumer, askedWith }: NonNullable<InUse['partner']>,
  ): Promise<void> => {
    const call = async (key: string, path: string, body?: object): Promise<string> => {
      const response = await fetch(`${inUse.consoleUrl}/v1/webhooks/${path}`, {
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
      return text;
    };
    const isLink = number % (2 * othersEvery) > othersEvery;
    const path = isLink ? 'portal-links' : 'consumer-tokens';
    const made = await call(askedWith, path, { consumer_id: consumer });
    const { token } = JSON.parse(made) as Readonly<{ token: string }>;
    await Promise.all(['identity', 'deliveries?limit=1'].map(async (read) => call(token, read)));
    tokens.set(signerOf(token), (tokens.get(signerOf(token)) ?? 0) + 1);
  };
  const sendOne = async (number: number): Promise<void> => {
    if (number % othersEvery === 0) return sendAsProvider(number);
    const { partner } = inUse;
    return partner !== null && number % othersEvery === othersEvery / 2
      ? visit(number, partner)
      : publish(number);
  };

  const run = async (): Promise<void> => {
    for (let number = 0; !isOver; number += 1) {
      const sent = sendOne(number).catch((error: unknown) => {
        failures.push(`request ${number}: ${String(error)}`);
      });
      underWay.add(sent);
      void sent.finally(() => underWay.delete(sent));
      await delay(everyMs);
    }
    await Promise.all(underWay);
  };
  const running = run();
  return {
    ...{ accepted, tokens, failures },
    stop: async () => {
      isOver = true;
      await running;
    },
  };
}
