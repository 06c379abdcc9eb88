import { eventually, type Receiver, startReceiver } from '@tidings/testing';
import { expect, it, onTestFinished } from 'vitest';
import { Caller } from './harness/caller.ts';
import { type GitHubWebhook, gitHubExamples, postAsGitHub } from './harness/github-webhooks.ts';
import { sharedTidings } from './harness/shared-tidings.ts';

const secret = "It's a Secret to Everybody";
const atOnce = 16;

const hooks: readonly GitHubWebhook[] = gitHubExamples.map(({ event, payload }, at) => ({
  ...{ event, body: JSON.stringify(payload), delivery: `${event}-${at}` },
}));

/** Returns the hooks of each repository in their order, and each hook of none by itself. */
function queuesOf(all: readonly GitHubWebhook[]): readonly (readonly GitHubWebhook[])[] {
  const queues = new Map<string, GitHubWebhook[]>();
  for (const hook of all) {
    const { repository } = JSON.parse(hook.body) as Readonly<{ repository?: Readonly<{ id: number }> }>;
    const key = repository === undefined ? hook.delivery : String(repository.id);
    queues.set(key, [...(queues.get(key) ?? []), hook]);
  }
  return [...queues.values()];
}

async function receiver(): Promise<Receiver> {
  const started = await startReceiver();
  onTestFinished(async () => started.close());
  return started;
}

it('takes each example of GitHub as one event for the internal subscription, in order by repository, and for no partner', async () => {
  const local = await sharedTidings();
  const operator = new Caller(local.url, local.admin_key);
  await operator.call('POST', '/webhooks/workspaces', { id: 'ws_of_sources', name: 'x', allow_http: true });
  const { key } = await operator.newKey(local, {
    workspace_id: 'ws_of_sources',
    scopes: ['events:write', 'sources:write', 'admin'],
  });
  const owner = new Caller(local.url, key);
  await owner.call('POST', '/webhooks/event-types', { name: 'after.all', state: 'active' });
  await owner.call('POST', '/webhooks/consumers', { id: 'partner' });
  const [inside, outside, partner] = [await receiver(), await receiver(), await receiver()];
  const subscribe = async ({ url }: Receiver, more: object): Promise<unknown> =>
    owner.call('POST', '/webhooks/subscriptions', {
      ...{ endpoint_url: url, events: ['*'], ordering: 'key', send_test: false, ...more },
    });
  await subscribe(inside, { audience: 'internal' });
  await subscribe(outside, {});
  await subscribe(partner, { consumer_id: 'partner' });
  const source = { provider: 'github', name: 'examples', secrets: [secret] };
  const { id } = await owner.call('POST', '/webhooks/sources', source);

  const post = async (hook: GitHubWebhook): Promise<void> => {
    const { status } = await postAsGitHub(`${local.url}/v1/sources/${id}`, hook, secret);
    if (status !== 200) throw new Error(`${hook.delivery}: ${status}`);
  };
  const [first, ...rest] = hooks;
  if (first === undefined) throw new Error('the package has no examples');
  // The source is known to ingress a moment after the response.
  await eventually(async () => post(first));
  // Hooks of one repository one after the other, of several side by side.
  const queues = queuesOf(rest);
  const waiting = queues.values();
  const work = async (): Promise<void> => {
    for (const queue of waiting) for (const hook of queue) await post(hook);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  await post(first);
  // Repeats of both kinds that providers send are the same events: nothing more arrives for them.
  await owner.call('POST', '/events', { type: 'after.all', data: { last: true } });

  const typeOf = ({ headers }: Receiver['requests'][number]): string => String(headers['x-webhook-event']);
  await eventually(
    () => {
      expect(outside.requests.map(typeOf)).toEqual(['after.all']);
      expect(partner.requests.map(typeOf)).toEqual(['after.all']);
      expect(inside.requests).toHaveLength(hooks.length + 1);
    },
    { timeoutMs: 60_000 },
  );
  const received = inside.requests
    .map(({ body }) => JSON.parse(body.toString()) as Readonly<{ type: string; data: object }>)
    .filter(({ type }) => type !== 'after.all')
    .map(({ data }) => JSON.stringify(data));
  expect(received.toSorted()).toEqual(hooks.map(({ body }) => body).toSorted());
  for (const queue of queues) {
    const bodies = new Set(queue.map(({ body }) => body));
    const inOrder = received.filter((body) => bodies.has(body));
    expect(inOrder.slice(-queue.length)).toEqual(queue.map(({ body }) => body));
  }
});
