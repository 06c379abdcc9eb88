import { setTimeout as sleep } from 'node:timers/promises';

import { UserError } from '../local/options.mjs';

const waitMs = 60_000;
// Nothing listens on this port: every request fails at once.
const endpoint = 'http://127.0.0.1:9/';

const makeSource = async ({ call }) =>
  await call('POST', '/sources', { provider: 'github', name: 'fuzz', secrets: ['a secret of fuzzing'] });

/** Records a run, as a worker application does. It has ended, so that no order is sent to an application that is not there. */
const makeRun = async ({ call, brokers }, operationId) => {
  const { connectKafka, contracts, logger } = await loadKafka();
  const { deriveRunId, encodeRun, newEventId, topics } = contracts;
  const nowMs = Date.now();
  const [app, handler, eventId] = ['fuzz', operationId.toLowerCase(), newEventId(nowMs)];
  const id = deriveRunId({ app, handler, eventId });
  const bus = await connectKafka({ brokers, clientId: 'tidings-fuzz', logger });
  const producer = await bus.producer();
  await producer.publish({
    topic: topics.runs,
    ...encodeRun({
      ...{ type: 'RunRecorded.v1', runId: id, app, handler, epoch: 1, sequence: 1, status: 'completed' },
      ...{ startedAtMs: nowMs, recordedAtMs: nowMs, endedAtMs: nowMs, waitingUntilMs: null, retries: 0 },
      ...{ steps: [], failure: null, cancelled: null },
      event: {
        ...{ id: eventId, type: 'fuzz.ran', workspaceId: 'ws_fuzz', consumerId: null, source: '/' },
        ...{ time: new Date(nowMs).toISOString(), acceptedAtMs: nowMs, orderingKey: null },
        ...{ traceparent: null, partition: 0, offset: '0' },
      },
    }),
  });
  await bus.close();
  await until(async () => await call('GET', `/runs/${id}`));
  return { id };
};

// Built by then: `npm run test:fuzz` builds before it runs.
const loadKafka = async () => {
  const [{ connectKafka }, contracts, { silentLogger }] = await Promise.all([
    import('../../packages/kafka/dist/index.js'),
    import('../../packages/contracts/dist/index.js'),
    import('../../packages/observability/dist/index.js'),
  ]);
  return { connectKafka, contracts, logger: silentLogger };
};

/** Creates an object for one operation and returns its path parameters, by the prefix of the path. */
const makers = {
  '/v1/webhooks/subscriptions/': async ({ call }) =>
    await call('POST', '/subscriptions', { endpoint_url: endpoint, events: ['fuzz.*'], send_test: false }),
  '/v1/webhooks/sources/': makeSource,
  '/v1/sources/': makeSource,
  '/v1/webhooks/event-types/': async ({ call }, operationId) => {
    const name = `fuzz.for_${operationId.toLowerCase()}`;
    await call('POST', '/event-types', { name, state: 'active', schema: { type: 'object' } });
    return { name, version: '1' };
  },
  '/v1/webhooks/consumers/': async ({ call }, operationId) =>
    await call('POST', '/consumers', { id: `fuzz-${operationId}` }),
  '/v1/webhooks/audit-log/': async ({ call }) => (await listed(call, '/audit-log'))[0],
  '/v1/webhooks/workspaces/': async ({ call }, operationId) =>
    await call('POST', '/workspaces', { id: `ws_fuzz_${operationId}` }),
  '/v1/webhooks/api-keys/': async ({ call }) => await call('POST', '/api-keys', { scopes: ['events:write'] }),
  '/v1/webhooks/events/': async ({ dead }) => ({ id: (await dead()).delivery.event_id }),
  '/v1/webhooks/exports/': async ({ call }) => ({
    id: (await call('POST', '/exports', { of: 'events', format: 'csv' })).export_id,
  }),
  '/v1/webhooks/deliveries/': async ({ dead }) => (await dead()).delivery,
  '/v1/webhooks/runs/': makeRun,
  '/v1/webhooks/dead-letters/': async ({ dead }) => (await dead()).deadLetter,
  '/v1/webhooks/jobs/': async ({ call }) =>
    await call('POST', '/dead-letters/redrive', { filter: { event_type: 'fuzz.none' } }),
};

/**
 * Creates an object for each operation whose path names one. Returns a schemathesis configuration that pins the
 * operation to it, with a key that can see it, so that no case fails because another case deleted its object. All
 * objects are in a new workspace: earlier cases may have changed the rules of the first one.
 */
export async function configForObjects({ url, admin_key, brokers }) {
  const key = await enterWorkspace(url, caller(url, admin_key));
  const call = caller(url, key);
  const api = { call, dead: async () => await makeDead(call), brokers: brokers.split(',') };
  const { paths } = await (await fetch(`${url}/v1/openapi.json`)).json();
  const tables = [];
  for (const [path, item] of Object.entries(paths)) {
    const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    if (names.length === 0) continue;
    const [, make] = Object.entries(makers).find(([beginning]) => path.startsWith(beginning)) ?? [];
    if (make === undefined)
      throw new UserError(`${path}: add the creation of its object to deploy/fuzz/make-objects.mjs.`);
    for (const { operationId, parameters } of Object.values(item)) {
      const created = await make(api, operationId);
      const fixed = names.map((name) => [`path.${name}`, created[name]]);
      // Matches any version: otherwise most cases would stop at a random one.
      if (parameters.some(({ $ref }) => $ref?.endsWith('/If-Match'))) fixed.push(['header.If-Match', '*']);
      tables.push(tableOf(operationId, fixed));
    }
  }
  return { key, config: tables.join('\n') };
}

// A JSON string is a valid TOML string.
const tableOf = (operationId, fixed) =>
  [
    '[[operations]]',
    `include-operation-id = ${JSON.stringify(operationId)}`,
    `parameters = { ${fixed.map((pair) => pair.map((text) => JSON.stringify(text)).join(' = ')).join(', ')} }`,
    '',
  ].join('\n');

const scopes = ['events:write', 'admin', 'platform'];

/** Creates the workspace and returns a key of it once every service accepts the key. */
async function enterWorkspace(url, callAsOperator) {
  const id = 'ws_fuzz';
  await callAsOperator('POST', '/workspaces', { id, allow_http: true, event_type_policy: 'open' });
  const { key } = await callAsOperator('POST', '/api-keys', { workspace_id: id, scopes });
  const call = caller(url, key);
  await until(async () => await call('GET', '/subscriptions'));
  await until(async () => await call('GET', '/deliveries'));
  await until(async () => await call('POST', '/events', { type: 'fuzz.begun', data: {} }));
  return key;
}

const caller = (url, key) => async (method, path, body) => {
  const response = await fetch(`${url}/v1${path === '/events' ? path : `/webhooks${path}`}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await response.text();
  if (!response.ok) throw new UserError(`${method} ${path} returned ${response.status}: ${answer}`);
  return JSON.parse(answer);
};

/** Creates a delivery that fails finally, and its dead letter. */
async function makeDead(call) {
  const settings = { endpoint_url: endpoint, events: ['dead.*'], retry_schedule: [], send_test: false };
  const { id } = await call('POST', '/subscriptions', settings);
  await call('POST', '/events', { type: 'dead.event', data: {} });
  const [deadLetter] = await listed(call, `/dead-letters?subscription_id=${id}`);
  const [delivery] = await listed(call, `/deliveries?subscription_id=${id}`);
  return { deadLetter, delivery };
}

const listed = async (call, path) =>
  await until(async () => {
    const { data } = await call('GET', path);
    if (data.length === 0) throw new UserError(`${path} is still empty`);
    return data;
  });

async function until(attempt) {
  for (const deadlineMs = performance.now() + waitMs; ; await sleep(250)) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof UserError) || performance.now() > deadlineMs) throw error;
    }
  }
}
