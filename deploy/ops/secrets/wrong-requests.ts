import type { RecordedCalls } from './recorded-calls.ts';

/** Sends a credential in every place where it does not belong, and under every scheme that is not the right one. */
export async function sendInWrongPlaces(calls: RecordedCalls, credential: string): Promise<void> {
  const key = encodeURIComponent(credential);
  const basic = Buffer.from(`${credential}:`).toString('base64');
  const authorizations = [`Bearer ${credential}x`, `Bearer  ${credential} y`, `Basic ${basic}`, credential];
  for (const authorization of authorizations)
    await calls.send('GET /v1/webhooks/subscriptions', { headers: { authorization } });
  for (const name of ['x-api-key', 'cookie', 'traceparent', 'x-forwarded-for', 'idempotency-key', 'if-match'])
    await calls.send('POST /v1/webhooks/consumers', {
      headers: { authorization: 'Bearer none', [name]: credential },
      body: { id: 'acme' },
    });
  for (const parameter of ['api_key', 'access_token'])
    await calls.send(`GET /v1/webhooks/deliveries?${parameter}=${key}`);
  const bodies = [
    `{"type": "order.paid", "data": ${credential}}`,
    `${credential}`,
    JSON.stringify({ type: 'order.paid', data: {}, authorization: credential }),
    JSON.stringify({ type: 'order.paid', data: {}, time: { key: credential } }),
    JSON.stringify([{ key: credential }]),
  ];
  for (const path of ['/v1/events', '/v1/events/batch', '/v1/webhooks/subscriptions', '/v1/webhooks/sources'])
    for (const body of bodies) await calls.send(`POST ${path}`, { body });
  for (const type of ['text/plain', 'application/x-www-form-urlencoded'])
    await calls.send('POST /v1/events', { body: `key=${key}`, headers: { 'content-type': type } });
}

/**
 * Sends a credential where the response repeats what was sent: in the path, as the value of a field that is none, and as the name
 * of one. The caller sees its own request; nobody else may.
 */
export async function sendWhereItIsRepeated(
  calls: RecordedCalls,
  { name, credential }: Readonly<{ name: string; credential: string }>,
): Promise<void> {
  const key = encodeURIComponent(credential);
  const shows = [name];
  for (const path of [`/v1/webhooks/${key}`, `/v1/webhooks/subscriptions/${key}`, `/${key}`])
    await calls.send(`GET ${path}`, { shows });
  for (const parameter of ['cursor', 'limit', 'created_after', 'status', key])
    await calls.send(`GET /v1/webhooks/deliveries?${parameter}=${key}`, { shows });
  const bodies = [
    { [credential]: 1 },
    { type: `!${credential}`, data: {} },
    { type: ['order'], id: credential },
  ];
  for (const body of bodies) {
    await calls.send('POST /v1/events', { body, shows });
    await calls.send('POST /v1/events/batch', { body: { events: [body] }, shows });
  }
  await calls.send('POST /v1/webhooks/subscriptions', {
    body: { endpoint_url: credential, events: [credential], consumer_id: credential, ordering: credential },
    shows,
  });
}

/** Sends secrets in their own fields in forms that are refused: the response says what is wrong without the value. */
export async function sendRefusedSecrets(calls: RecordedCalls, secret: string): Promise<void> {
  const endpoint = { endpoint_url: 'https://example.com/', events: ['order.paid'], send_test: false };
  const wrong = [`whsec_${secret}!`, `whsk_${secret}`, [secret], { secret }, secret.repeat(12)];
  for (const value of wrong)
    await calls.send('POST /v1/webhooks/subscriptions', { body: { ...endpoint, secret: value } });
  const headers = [
    { authorization: [secret] },
    { authorization: `${secret}\n` },
    { 'bad name': secret },
    [secret],
  ];
  for (const value of headers) {
    await calls.send('POST /v1/webhooks/subscriptions', { body: { ...endpoint, secret_headers: value } });
    await calls.send('POST /v1/webhooks/subscriptions', { body: { ...endpoint, headers: value } });
  }
  await calls.send('POST /v1/webhooks/subscriptions', {
    body: { ...endpoint, headers: { authorization: secret } },
  });
  const pem = `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----`;
  for (const tls of [
    { key: pem, certificate: pem },
    { key: [pem] },
    { ca: pem },
    pem,
    { key: pem, other: pem },
  ])
    await calls.send('POST /v1/webhooks/subscriptions', { body: { ...endpoint, tls } });
  const provider = { name: 'wrong', provider: 'standard-webhooks' };
  for (const secrets of [[`whsec_${secret}!`], secret, [[secret]], [{ secret }], [secret.repeat(30)]])
    await calls.send('POST /v1/webhooks/sources', { body: { ...provider, secrets } });
  const notices = [
    { url: secret },
    { url: [secret] },
    `https://example.com/${secret}`,
    { url: 'https://example.com/', style: [secret] },
  ];
  for (const notice of notices) await calls.send('PATCH /v1/webhooks/workspaces/main', { body: { notice } });
}
