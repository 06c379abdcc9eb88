import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { postAsGitHub } from './github-webhooks.ts';

/** The keys and the address that callers use at the moment: a rotation changes them while they go on. */
export type InUse = {
  /** The console to which a load balancer sends requests. */
  consoleUrl: string;
  apiKey: string;
  sourceSecret: string;
};

/** Publishers and a provider that go on until they are stopped, and repeat nothing. */
export type RotationLoad = Readonly<{
  /** The numbers of the events that were accepted. */
  accepted: readonly number[];
  /** Requests that were answered with another status than 2xx, or failed. */
  failures: readonly string[];
  stop(): Promise<void>;
}>;

const everyMs = 25;
// Of each so many requests one is that of the provider.
const providerEvery = 8;

/** Publishes 35 events a second and sends five webhooks of GitHub to the source, with what is in use when each is sent. */
export function startRotationLoad(
  inUse: Readonly<InUse>,
  { type, sourceId }: Readonly<{ type: string; sourceId: string }>,
): RotationLoad {
  const accepted: number[] = [];
  const failures: string[] = [];
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

  const run = async (): Promise<void> => {
    for (let number = 0; !isOver; number += 1) {
      const send = number % providerEvery === 0 ? sendAsProvider : publish;
      const sent = send(number).catch((error: unknown) => {
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
    accepted,
    failures,
    stop: async () => {
      isOver = true;
      await running;
    },
  };
}
