import { decodeAttempt, topics } from '@tidings/contracts';
import { connectKafka } from '@tidings/kafka';
import { silentLogger } from '@tidings/observability';
import { verify, verifyPlain } from '@tidings/signing';
import { eventually, makeAuthority, sharedBrokers, startReceiver } from '@tidings/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aSite, startReadyRegistry } from './crashes/start-registry.ts';
import { aBody } from './registry-api.ts';

async function attemptsOf(subscriptionId: string) {
  const bus = await connectKafka({ brokers: sharedBrokers(), clientId: 'test', logger: silentLogger });
  onTestFinished(async () => bus.close());
  const found: ReturnType<typeof decodeAttempt>[] = [];
  await bus.readRange({
    topic: topics.attempts,
    partitions: Array.from({ length: topics.attempts.partitions }, (_, partition) => partition),
    from: { offsets: new Map() },
    service: 'test',
    onRecord: (record) => {
      const attempt = decodeAttempt(record);
      if (attempt.subscriptionId === subscriptionId) found.push(attempt);
    },
  });
  return found;
}

describe('POST …/test', () => {
  it('sends a signed webhook.test, returns its result, and records the attempt', async () => {
    const receiver = await startReceiver({
      cleanUp: onTestFinished,
      answer: { status: 200, body: 'thanks' },
    });
    const { call } = await startReadyRegistry(aSite());
    const created = await call('POST', '', {
      body: aBody({
        endpoint_url: `${receiver.url}/hook`,
        signature_style: 'plain',
        headers: { 'X-Plan': 'gold' },
      }),
    });
    const { id, secret } = created.body;
    await call('POST', `/${id}/rotate-secret`);
    const tested = await call('POST', `/${id}/test`);
    expect(tested.status).toBe(200);
    expect(tested.body).toMatchObject({
      success: true,
      status_code: 200,
      response_body: 'thanks',
      error: null,
      recorded: true,
      duration_ms: expect.any(Number) as number,
    });
    const [request] = await receiver.waitFor(1);
    if (request === undefined) throw new Error('no request');
    const { headers, body } = request;
    expect(request).toMatchObject({ method: 'POST', path: '/hook' });
    expect(headers).toMatchObject({ 'x-plan': 'gold', 'x-webhook-event': 'webhook.test' });
    // The old secret still signs together with the new one.
    expect(verify({ headers, body, secrets: [secret] }).ok).toBe(true);
    expect(JSON.parse(body.toString())).toMatchObject({
      type: 'webhook.test',
      data: { subscription_id: id },
    });
    const signature = headers['x-webhook-signature'];
    expect(verifyPlain({ body, signature: String(signature), secrets: [secret] })).toBe(false);
    const [attempt] = await eventually(async () => {
      const attempts = await attemptsOf(id);
      expect(attempts).toHaveLength(1);
      return attempts;
    });
    expect(attempt).toMatchObject({
      deliveryId: headers['webhook-id'],
      trigger: 'test',
      subscriptionVersion: 2,
      outcome: { kind: 'delivered', statusCode: 200, responseExcerpt: 'thanks' },
      next: { kind: 'none' },
    });
  });

  it('D24 shows only the beginning of a response, as text', async () => {
    const page = '<script>alert(1)</script>\u0000\r\nset-cookie: a=b';
    const receiver = await startReceiver({ cleanUp: onTestFinished });
    receiver.answer({
      status: 200,
      body: page + 'x'.repeat(100_000),
      headers: { 'content-type': 'text/html' },
    });
    const registry = await startReadyRegistry(aSite());
    const { body } = await registry.call('POST', '', { body: aBody({ endpoint_url: receiver.url }) });
    const { status, headers, body: tested } = await registry.call('POST', `/${body.id}/test`);
    expect([status, headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8']);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    const { response_body: shown } = tested as unknown as { response_body: string };
    expect(shown.startsWith('<script>alert(1)</script>')).toBe(true);
    expect(shown.length).toBeLessThanOrEqual(16_384);
  });

  it('returns the reason of a failure, without a retry', async () => {
    const receiver = await startReceiver({ cleanUp: onTestFinished });
    const { call } = await startReadyRegistry(aSite());
    const { body } = await call('POST', '', {
      body: aBody({ endpoint_url: receiver.url, timeout_seconds: 1 }),
    });
    const reasonFor = async (answer: Parameters<typeof receiver.answer>[0]): Promise<unknown> => {
      receiver.answer(answer);
      const { body: tested } = await call('POST', `/${body.id}/test`);
      return tested;
    };
    expect(await reasonFor({ status: 500, body: 'oh no' })).toMatchObject({
      success: false,
      status_code: 500,
      response_body: 'oh no',
      error: 'http-status',
    });
    expect(await reasonFor({ status: 302, headers: { location: 'http://127.0.0.1:1/' } })).toMatchObject({
      error: 'redirect',
    });
    expect(await reasonFor('reset')).toMatchObject({ success: false, status_code: null, error: 'reset' });
    expect(await reasonFor('hang')).toMatchObject({ success: false, status_code: null, error: 'timeout' });
  });

  it('presents the client certificate of the subscription, and trusts its authority', async () => {
    const [server, clients] = [makeAuthority(), makeAuthority('clients')];
    const receiver = await startReceiver({
      tls: { ...server.issue({ hosts: ['127.0.0.1'] }), ca: clients.cert },
      cleanUp: onTestFinished,
    });
    const { call } = await startReadyRegistry(aSite());
    const { cert: certificate, key } = clients.issue({ hosts: ['tidings'] });
    const given = { endpoint_url: receiver.url, format: 'cloudevents-binary', send_test: false };
    const { body } = await call('POST', '', {
      body: aBody({ ...given, tls: { ca: server.cert, certificate, key } }),
    });
    expect((await call('POST', `/${body.id}/test`)).body).toMatchObject({ success: true, error: null });
    const [request] = receiver.requests;
    expect(request?.headers).toMatchObject({
      'content-type': 'application/json',
      'ce-type': 'webhook.test',
      'ce-specversion': '1.0',
    });
    expect(
      verify({
        headers: request?.headers ?? {},
        body: request?.body ?? Buffer.alloc(0),
        secrets: [body.secret],
      }).ok,
    ).toBe(true);
    await call('PATCH', `/${body.id}`, {
      body: { tls: { ca: server.cert, certificate: null, key: null } },
    });
    expect((await call('POST', `/${body.id}/test`)).body).toMatchObject({ success: false, error: 'tls' });
    await call('PATCH', `/${body.id}`, { body: { tls: null } });
    expect((await call('POST', `/${body.id}/test`)).body).toMatchObject({ success: false, error: 'tls' });
    expect(receiver.requests).toHaveLength(1);
  });

  it('never connects to an address that the current policy does not allow', async () => {
    const receiver = await startReceiver({ cleanUp: onTestFinished });
    const site = aSite();
    const lenient = await startReadyRegistry(site);
    const { body } = await lenient.call('POST', '', { body: aBody({ endpoint_url: receiver.url }) });
    const strict = await startReadyRegistry(site, { DANGEROUSLY_ALLOWED_NETWORKS: '' });
    const tested = await strict.call('POST', `/${body.id}/test`);
    expect(tested.body).toMatchObject({ success: false, status_code: null });
    expect(['blocked-address', 'invalid-url']).toContain(tested.body.error);
    expect(JSON.stringify(tested.body)).not.toContain('127.0.0.1');
    expect(receiver.requests).toHaveLength(0);
  });
});
