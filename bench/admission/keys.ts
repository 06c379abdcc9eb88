import type { BenchStack } from '../stack.ts';

/** The senders of a load, each with a key of its own. */
export const senderCount = 8;

/** Creates a key for each sender. */
export async function createKeys({ url, target }: BenchStack): Promise<readonly string[]> {
  const create = async (_: unknown, at: number): Promise<string> => {
    const response = await fetch(`${url}/v1/webhooks/api-keys`, {
      method: 'POST',
      headers: { authorization: `Bearer ${target.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: `sender ${at}`, scopes: ['events:write'] }),
    });
    const { key } = (await response.json()) as { key?: string };
    if (key === undefined) throw new Error(`no key: ${response.status}`);
    return key;
  };
  return Promise.all(Array.from({ length: senderCount }, create));
}
