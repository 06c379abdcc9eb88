import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { InboundHeaders } from './headers.ts';
import { readPayload } from './payload.ts';
import type { SourceOptions } from './provider.ts';
import { providers } from './providers.ts';

type Given = Readonly<{
  headers?: Readonly<Record<string, string>>;
  body: object | string;
  options?: SourceOptions;
}>;

/** Returns id, type and resource of a request that is verified. */
function readAs(name: string, { headers = {}, body, options = {} }: Given): readonly (string | null)[] {
  const provider = providers.get(name);
  if (provider === undefined) throw new Error(`there is no ${name}`);
  const isForm = typeof body === 'string';
  const type = isForm ? 'application/x-www-form-urlencoded' : 'application/json';
  const hook = {
    headers: new InboundHeaders(Object.entries({ 'content-type': type, ...headers }).flat()),
    payload: readPayload(Buffer.from(isForm ? body : JSON.stringify(body)), type),
    ...{ options, index: null },
  };
  return [provider.id(hook), provider.type(hook), provider.orderingKey(hook)];
}

const stripeObject = (object: object, more: object = {}): Given => ({
  body: { id: 'evt_1', type: 'a.b', ...more, data: { object } },
});
const emptyHash = createHash('sha256').update('{}').digest('hex').slice(0, 32);
const dataCenter: Given = {
  options: { id: 'X-Request-Id', type: 'X-Event-Key', ordering_key: '/repository/id' },
  headers: { 'x-request-id': 'req-1', 'x-event-key': 'repo:refs_changed' },
  body: { repository: { id: 84 } },
};

/** Places of id, type and resource that no signed sample has. */
const places: readonly (readonly [provider: string, given: Given, expected: readonly (string | null)[]])[] = [
  ['stripe', stripeObject({ id: 'pi_1' }, { account: 'acct_1' }), ['evt_1', 'a.b', 'acct_1/pi_1']],
  ['stripe', stripeObject({ id: 'in_1', subscription: 'sub_1' }), ['evt_1', 'a.b', 'sub_1']],
  ['stripe', stripeObject({ customer: { id: 'cus_1' }, subscription: 'sub_1' }), ['evt_1', 'a.b', 'cus_1']],
  ['stripe', stripeObject({ id: 'cus_1', object: 'customer' }), ['evt_1', 'a.b', 'cus_1']],
  [
    'github',
    { headers: { 'x-github-event': 'member' }, body: { organization: { id: 8 }, installation: { id: 9 } } },
    [null, 'member', 'organization/8'],
  ],
  [
    'github',
    { headers: { 'x-github-event': 'installation' }, body: { action: 'created', installation: { id: 9 } } },
    [null, 'installation.created', 'installation/9'],
  ],
  [
    'gitlab',
    { headers: { 'idempotency-key': 'key-1', 'x-gitlab-event': 'Push Hook' }, body: { project_id: 5 } },
    ['key-1', 'push', '5'],
  ],
  [
    'gitlab',
    { headers: { 'webhook-id': 'msg_1', 'idempotency-key': 'key-1' }, body: { object_kind: 'issue' } },
    ['msg_1', 'issue', null],
  ],
  [
    'gitlab',
    { body: { object_kind: 'issue', object_attributes: { action: 'open' }, group_id: 3 } },
    [null, 'issue.open', '3'],
  ],
  ['gitlab', { headers: { 'x-gitlab-event-uuid': 'uuid-1' }, body: {} }, [`uuid-1/${emptyHash}`, null, null]],
  [
    'shopify',
    {
      headers: {
        ...{ 'shopify-topic': 'fulfillments/create', 'shopify-webhook-id': 'w-1' },
        'shopify-shop-domain': 'a.example',
      },
      body: { id: 1, order_id: 7 },
    },
    ['w-1', 'fulfillments/create', 'a.example/orders/7'],
  ],
  [
    'slack',
    {
      headers: { 'x-slack-retry-num': '1', 'x-slack-retry-reason': 'http_timeout' },
      body: { type: 'app_rate_limited', event_id: 'Ev1', team_id: 'T1' },
    },
    ['Ev1', 'app_rate_limited', 'T1'],
  ],
  [
    'twilio',
    { headers: { 'i-twilio-idempotency-token': 'tw-1' }, body: 'CallSid=CA1&CallStatus=completed' },
    ['tw-1', 'call.completed', 'CA1'],
  ],
  [
    'standard-webhooks',
    {
      headers: { 'svix-id': 'msg_1', 'svix-signature': 'v1,' },
      body: { type: 'a' },
      options: { ordering_key: '/type' },
    },
    ['msg_1', 'a', 'a'],
  ],
  // Bitbucket Data Center has other places than Cloud.
  ['generic-hmac', dataCenter, ['req-1', 'repo:refs_changed', '84']],
  ['generic-token', dataCenter, ['req-1', 'repo:refs_changed', '84']],
];

it.each(places)('%s has id, type and resource of %j where it documents them', (name, given, expected) => {
  expect(readAs(name, given)).toEqual(expected);
});
