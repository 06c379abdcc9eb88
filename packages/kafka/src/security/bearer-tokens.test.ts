import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { recordingLogger } from '@tidings/observability/testing';
import { fakeClock } from '@tidings/runtime/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BearerTokens } from './bearer-tokens.ts';

type Answer = (response: ServerResponse, count: number) => void;

const json =
  (body: unknown, status = 200): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
const numbered =
  (life: Readonly<Record<string, unknown>>): Answer =>
  (response, count) =>
    json({ access_token: `token ${count}`, token_type: 'Bearer', ...life })(response, count);

/** Starts a token endpoint. `answer` can be replaced; `requests` has what it got. */
async function tokenEndpoint(first: Answer, scope?: string) {
  const state = { answer: first };
  const requests: Readonly<{ authorization: string | undefined; body: string }>[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    requests.push({ authorization: request.headers.authorization, body: await text(request) });
    state.answer(response, requests.length);
  };
  const server = createServer((request, response) => void handle(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const tokenUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
  const clock = fakeClock();
  const logger = recordingLogger();
  const tokens = new BearerTokens(
    {
      mechanism: 'OAUTHBEARER',
      tokenUrl,
      clientId: 'tidings ingress',
      clientSecret: 's%ecret:1',
      ...(scope !== undefined && { scope }),
    },
    { clock, logger },
  );
  return {
    tokens,
    clock,
    logger,
    requests,
    tokenUrl,
    answerWith: (answer: Answer): void => {
      state.answer = answer;
    },
  };
}

describe('bearer tokens', () => {
  it('are requested with the credentials of the client, encoded as OAuth has it', async () => {
    const { tokens, requests } = await tokenEndpoint(numbered({ expires_in: 300 }), 'kafka read');
    expect(await tokens.current()).toBe('token 1');
    const credentials = Buffer.from('tidings%20ingress:s%25ecret%3A1').toString('base64');
    expect(requests).toEqual([
      { authorization: `Basic ${credentials}`, body: 'grant_type=client_credentials&scope=kafka+read' },
    ]);
  });

  it('are shared by all connections, and renewed before they expire', async () => {
    const { tokens, clock, requests } = await tokenEndpoint(numbered({ expires_in: 300 }));
    expect(await Promise.all([tokens.current(), tokens.current()])).toEqual(['token 1', 'token 1']);
    await clock.advance(239_000);
    expect(await tokens.current()).toBe('token 1');
    await clock.advance(1_000);
    expect(await tokens.current()).toBe('token 2');
    expect(requests).toHaveLength(2);
  });

  it('live as long as they state themselves where the answer does not say', async () => {
    const clockStart = fakeClock().nowMs();
    const claims = Buffer.from(JSON.stringify({ exp: clockStart / 1_000 + 100 })).toString('base64url');
    const { tokens, clock, answerWith } = await tokenEndpoint(
      json({ access_token: `head.${claims}.signature` }),
    );
    await tokens.current();
    answerWith(json({ access_token: 'next' }));
    await clock.advance(79_000);
    expect(await tokens.current()).toContain('head.');
    await clock.advance(1_000);
    expect(await tokens.current()).toBe('next');
  });

  it('are used on while they cannot be renewed, until they expire', async () => {
    const { tokens, clock, logger, answerWith, tokenUrl } = await tokenEndpoint(
      numbered({ expires_in: 300 }),
    );
    await tokens.current();
    answerWith(json({ error: 'temporarily_unavailable' }, 503));
    await clock.advance(299_000);
    expect(await tokens.current()).toBe('token 1');
    expect(logger.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', event: 'kafka.token-not-renewed' }),
    );
    await clock.advance(1_000);
    await expect(tokens.current()).rejects.toMatchObject({
      code: 'unavailable',
      message: `the token endpoint ${tokenUrl} answered 503: {"error":"temporarily_unavailable"}`,
    });
  });

  it.each([
    ['another status', json({ error: 'invalid_client' }, 401), 'answered 401: {"error":"invalid_client"}'],
    ['no JSON', (response) => void response.end('<html>'), 'answered what is no JSON'],
    ['no token', json({}), 'answered no access_token'],
    ['a token of another type', json({ access_token: 'x', token_type: 'mac' }), "a token of the type 'mac'"],
    ['a redirect', (response) => void response.writeHead(302, { location: '/' }).end(), 'did not answer'],
    ['no answer at all', (response) => void response.destroy(), 'did not answer'],
  ] satisfies [string, Answer, string][])(
    'are unavailable after %s, and the secret is not told',
    async (_, answer, reason) => {
      const { tokens } = await tokenEndpoint(answer);
      const failure = tokens.current();
      await expect(failure).rejects.toThrow(reason);
      await expect(failure).rejects.not.toThrow(/s%ecret/);
    },
  );
});
