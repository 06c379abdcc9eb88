import { createEgress, operatorPolicy } from '@tidings/egress';
import { silentLogger } from '@tidings/observability';
import { keyRing } from '@tidings/runtime';
import { type ReceivedRequest, startHostileServer, startReceiver } from '@tidings/testing';
import { expect, it, onTestFinished } from 'vitest';
import { aCommand, aSealedHeader, aSubscription, sealingKeys, secretText } from '../../test/builders.ts';
import { SigningKeyCache } from '../adapters/signing-key-cache.ts';
import { conclude } from '../domain/attempt.ts';
import { buildRequest, maskOutcome } from './attempt-delivery.ts';

const token = 'Bearer hush/"1"';
const secretHeaders = [aSealedHeader('Authorization', token), aSealedHeader('X-Api-Key', 'hush-2')];

/** Sends one delivery over HTTP and returns what its attempt would record. */
async function recordedFrom(endpointUrl: string) {
  const settings = {
    dangerouslyAllowedNetworks: ['127.0.0.0/8'],
    allowHttpEndpoints: true,
    ownListeners: [],
  };
  const egress = createEgress({ policy: operatorPolicy(settings) });
  onTestFinished(async () => egress.close());
  const subscription = aSubscription({ endpointUrl, secretHeaders, headers: { 'X-Plan': 'gold' } });
  const state = aCommand(1).state;
  const nowMs = Date.now();
  const keys = new SigningKeyCache({ ring: keyRing(sealingKeys), logger: silentLogger }).find(
    subscription,
    nowMs,
  );
  if (keys === null) throw new Error('what is sealed does not open');
  const sent = await egress.send(buildRequest({ command: aCommand(1), subscription, keys, nowMs }));
  if (sent.kind === 'aborted') throw new Error(sent.detail);
  return conclude({ state, subscription, atMs: nowMs }, maskOutcome(sent, keys.mask), {
    endedAtMs: nowMs,
    durationMs: 1,
    endpointMs: 1,
  }).outcome;
}

const echo = ({ headers, body }: ReceivedRequest): string =>
  JSON.stringify({ headers, body: body.toString(), configured: secretText });

it.each([200, 500])('masks the secrets of a request that is echoed with status %i', async (status) => {
  const receiver = await startReceiver({
    answer: (request) => ({ status, body: echo(request) }),
    cleanUp: onTestFinished,
  });
  const outcome = await recordedFrom(receiver.url);
  expect(receiver.requests[0]?.headers).toMatchObject({ authorization: token, 'x-api-key': 'hush-2' });
  expect(outcome).toMatchObject({ statusCode: status });
  expect(outcome.responseExcerpt).toContain('"x-api-key":"***"');
  expect(outcome.responseExcerpt).toContain('"x-plan":"gold"');
  expect(outcome.responseExcerpt).not.toMatch(/hush|whsec_/);
});

it('masks a secret at the end of the excerpt before cutting it', async () => {
  const body = `${'x'.repeat(1_020)}hush-2 and more`;
  const receiver = await startReceiver({ answer: { status: 200, body }, cleanUp: onTestFinished });
  expect((await recordedFrom(receiver.url)).responseExcerpt).toBe(`${'x'.repeat(1_020)}*** `);
});

it('records the status of a response whose body is truncated as a failure', async () => {
  const server = await startHostileServer({ behave: 'close-mid-body', cleanUp: onTestFinished });
  expect(await recordedFrom(server.url)).toEqual({
    kind: 'failed',
    reason: 'reset',
    statusCode: 200,
    responseExcerpt: null,
  });
});
