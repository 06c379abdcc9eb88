import { createRequire } from 'node:module';
import { sign } from '@octokit/webhooks-methods';

/** A webhook of GitHub: its event, its body and the id of its delivery. */
export type GitHubWebhook = Readonly<{ event: string; body: string; delivery: string }>;

type Payload = Readonly<Record<string, unknown>>;
type Example = Readonly<{ name: string; examples: readonly Payload[] }>;

const collection = createRequire(import.meta.url)(
  '@octokit/webhooks-examples/api.github.com/index.json',
) as readonly Example[];

/** All examples of `@octokit/webhooks-examples`, with the names of their events. */
export const gitHubExamples = collection.flatMap(({ name, examples }) =>
  examples.map((payload) => ({ event: name, payload })),
);

/** Sends a webhook to a source as GitHub does, signed by its own package. Returns the response. */
export async function postAsGitHub(
  url: string,
  { event, body, delivery }: GitHubWebhook,
  secret: string,
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: {
      ...{ 'content-type': 'application/json', 'user-agent': 'GitHub-Hookshot/044aadd' },
      ...{ 'x-github-event': event, 'x-github-delivery': delivery },
      'x-hub-signature-256': await sign(secret, body),
    },
    body,
    // As long as GitHub waits.
    signal: AbortSignal.timeout(10_000),
  });
}
