import { createHmac } from 'node:crypto';
import { eventually, type Receiver, startReceiver } from '@tidings/testing';
import { Caller, untilCounted, untilJobsEnd } from '../caller.ts';
import type { LocalStack } from '../tidings.ts';
import { recordRuns } from '../worker-runs.ts';
import type { Owned } from './access.ts';

/** Keys and tokens by role. Each has every scope available in its workspace. */
export type Parties = Readonly<{
  /** The admin of the workspace that owns all objects. */
  owner: string;
  /** The consumer that owns all objects. */
  partner: string;
  /** The admin of another workspace. */
  stranger: string;
  /** Another consumer of the same workspace, by its key. */
  neighbour: string;
  /** A third consumer, by its token. */
  visitor: string;
}>;

const ofWorkspace = ['events:write', 'sources:write', 'admin'];
const ofConsumer = ['subscriptions:read', 'subscriptions:write', 'deliveries:read', 'deliveries:write'];
const ownType = 'own.type';
const partner = 'partner_acade';
const neighbour = 'neighbour_beef';
const visitor = 'visitor_feed';

/** Creates two strict workspaces, each with the type `own.type`, and returns the keys of their admins. */
async function makeWorkspaces(local: LocalStack, owned: string) {
  const operator = new Caller(local.url, local.admin_key);
  const keys: string[] = [];
  for (const id of [owned, 'ws_of_stranger']) {
    await operator.call('POST', '/webhooks/workspaces', { id, name: `Name of ${id}`, allow_http: true });
    const { key } = await operator.newKey(local, { workspace_id: id, scopes: ofWorkspace });
    await new Caller(local.url, key).call('POST', '/webhooks/event-types', {
      name: ownType,
      state: 'active',
    });
    keys.push(key);
  }
  const [owner = '', stranger = ''] = keys;
  return { owner, stranger };
}

/** Creates one dead-lettered delivery, and one that a job redrove and that was dead-lettered again. */
async function makeDeadLetters(owner: Caller, subscription: string) {
  const events: string[] = [];
  for (const data of [1, 2]) {
    const body = { type: ownType, consumer_id: partner, data };
    events.push(
      await eventually(async () => (await owner.call('POST', '/events', body)).id, { timeoutMs: 30_000 }),
    );
  }
  const deadLetters = `/webhooks/dead-letters?subscription_id=${subscription}`;
  const [first, second] = await owner.list(deadLetters, 2);
  const job = await owner.call('POST', `/webhooks/dead-letters/${String(second?.id)}/redrive`);
  await owner.list(deadLetters, 3);
  // Failures counted after the dead letters are stored would look like changes made by a test.
  await eventually(
    async () => {
      const path = `/webhooks/subscriptions/${subscription}`;
      const { failure_count: failures } = await owner.call<{ failure_count: number }>('GET', path);
      if (failures !== 3) throw new Error(`3 failures are to be counted, got ${failures}`);
    },
    { timeoutMs: 30_000 },
  );
  await untilJobsEnd(owner);
  const [delivery] = await owner.list(`/webhooks/deliveries?subscription_id=${subscription}`, 2);
  return {
    event: String(events[0]),
    delivery: String(delivery?.id),
    deadLetter: String(first?.id),
    job: job.id,
  };
}

/** Creates an internal source and sends it a webhook; returns their ids once the event is in the history. */
async function makeSource(local: LocalStack, owner: Caller) {
  const secret = 'a secret of the owner';
  const body = { provider: 'github', name: 'source of ada', secrets: [secret] };
  const { id: source } = await owner.call('POST', '/webhooks/sources', body);
  const hook = '{"zen":"of ada"}';
  await eventually(
    async () => {
      const response = await fetch(`${local.url}/v1/sources/${source}`, {
        method: 'POST',
        headers: {
          ...{ 'content-type': 'application/json', 'x-github-event': 'ping', 'x-github-delivery': 'of-ada' },
          'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(hook).digest('hex')}`,
        },
        body: hook,
      });
      if (response.status !== 200) throw new Error(`the source responds ${response.status}`);
    },
    { timeoutMs: 30_000 },
  );
  const [event] = await owner.list('/webhooks/events?type=github.ping', 1);
  return { source, received: String(event?.id) };
}

/** Records a run that an event has started, as its worker application does; returns its id once the history has it. */
async function makeRun(
  local: LocalStack,
  owner: Caller,
  { workspace, event }: Readonly<{ workspace: string; event: string }>,
) {
  const state = { app: 'of-ada', handler: ownType, workspace, event: { id: event, type: ownType } };
  const [run] = await recordRuns(local, [state]);
  await owner.list(`/webhooks/runs?event_id=${event}`, 1);
  return String(run);
}

/** Creates all objects of the isolation tests through the public API. The owner's endpoint always fails. */
export async function makeParties(
  local: LocalStack,
): Promise<Readonly<{ parties: Parties; owned: Owned; endpoint: Receiver }>> {
  const workspace = 'ws_of_owner';
  const name = 'Ada Partner';
  const contact = 'contact@ada.example';
  const eventType = 'own.draft.bead';
  const description = 'described by ada';
  const keys = await makeWorkspaces(local, workspace);
  const owner = new Caller(local.url, keys.owner);
  await owner.call('POST', '/webhooks/consumers', { id: partner, name, contact });
  for (const id of [neighbour, visitor]) await owner.call('POST', '/webhooks/consumers', { id });
  await owner.call('POST', '/webhooks/event-types', { name: eventType, state: 'draft', schema: {} });
  const endpoint = await startReceiver({ answer: { status: 500 } });
  const endpointUrl = `${endpoint.url}/hook/of/ada`;
  const { id: subscription } = await owner.call('POST', '/webhooks/subscriptions', {
    ...{ endpoint_url: endpointUrl, events: [ownType], consumer_id: partner, description },
    ...{ retry_schedule: [], send_test: false },
  });
  const deadLetters = await makeDeadLetters(owner, subscription);
  const sources = await makeSource(local, owner);
  const run = await makeRun(local, owner, { workspace, event: deadLetters.event });
  const apiKey = await owner.newKey(local, { name, consumer_id: partner, scopes: ofConsumer });
  const other = await owner.newKey(local, { consumer_id: neighbour, scopes: ofConsumer });
  const exported = await new Caller(local.url, apiKey.key).call<{ export_id: string }>(
    ...(['POST', '/webhooks/exports', { of: 'deliveries', format: 'ndjson' }] as const),
  );
  await untilJobsEnd(owner);
  // What is shown later than it happens would look like a change made by a test.
  await owner.list('/webhooks/events?type=tidings.export.ready', 1);
  await untilCounted(owner);
  const [entry] = await owner.list(`/webhooks/audit-log?kind=api-key&entity_id=${apiKey.id}`, 1);
  const token = await owner.newToken(local, { consumer_id: visitor, expires_in_seconds: 3_600 });
  return {
    parties: { ...keys, partner: apiKey.key, neighbour: other.key, visitor: token },
    owned: {
      ...{ workspace, consumer: partner, name, contact, subscription, endpointUrl, description, eventType },
      ...{ ...deadLetters, ...sources, run, apiKey: apiKey.id, export: exported.export_id },
      auditEntry: String(entry?.id),
    },
    endpoint,
  };
}

/** Returns names of the same form and length that belong to no object. */
export function ghostOf(owned: Owned): Owned {
  const changed = (text: string): string =>
    text.replace(/(?<=[_.]).*/, (rest) => rest.replaceAll(/[0-8a-e]/g, (digit) => nextOf(digit)));
  return Object.fromEntries(Object.entries(owned).map(([name, text]) => [name, changed(text)])) as Owned;
}

const nextOf = (digit: string): string => String.fromCharCode(digit.charCodeAt(0) + 1);
