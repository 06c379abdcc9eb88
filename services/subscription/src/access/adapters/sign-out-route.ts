import { jsonBody, named, type Route, route } from '@tidings/http';
import { actorOf } from '../../registry/adapters/call-scope.ts';
import { type SignOutKind, type SignOutParts, signOut, signOutKinds } from '../sign-out.ts';

type SignOutBody = Readonly<{ ends: SignOutKind }>;

const bodySchema = named(
  'SignOut',
  {
    type: 'object',
    properties: {
      ends: {
        type: 'string',
        enum: signOutKinds,
        description:
          '`session`: the browser session that sent the request, with its token; nothing without a session. `token`: the token of the request. `all`: all browser sessions of the key, or all tokens of the consumer.',
      },
    },
    required: ['ends'],
    additionalProperties: false,
  },
  { ends: 'all' },
);

const signedOutSchema = named(
  'SignedOut',
  {
    type: 'object',
    properties: {
      ends: { type: 'string', enum: signOutKinds },
      propagated: {
        type: 'boolean',
        description: 'Whether the topic that the services read has acknowledged it.',
      },
    },
    required: ['ends', 'propagated'],
  },
  { ends: 'all', propagated: true },
);

/** Returns the route of `/v1/webhooks/identity/sign-out`. */
export const signOutRoute = (parts: SignOutParts): Route =>
  route({
    operationId: 'signOut',
    method: 'POST',
    path: '/v1/webhooks/identity/sign-out',
    access: 'any',
    tag: 'API keys',
    summary: 'End browser sessions or tokens before their time',
    description:
      'Every service refuses them within 2 s, and ends their streams. The key itself stays valid: revoke it to end it.',
    body: jsonBody<SignOutBody>({ schema: bodySchema, example: { ends: 'all' } }),
    responses: { 200: { description: 'They have ended.', schema: signedOutSchema } },
    handle: async (call) => {
      const { principal, body } = call;
      const { propagated } = await signOut(parts, { principal, kind: body.ends, by: actorOf(call) });
      return {
        status: 200,
        body: { ends: body.ends, propagated },
        headers: { 'cache-control': 'no-store' },
      };
    },
  });
