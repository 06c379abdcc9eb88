import { checkNames, checkText, checkWhole, type Names, wrong } from '../check-arguments.ts';

/** A permission that a consumer can have. */
export type ConsumerScope =
  | 'subscriptions:read'
  | 'subscriptions:write'
  | 'deliveries:read'
  | 'deliveries:write';

/**
 * Access of one consumer. `scopes`: what it allows (default: all four). `expiresInSeconds`: 1 to 3,600 (default 900).
 */
export type ConsumerAccess = Readonly<{
  consumerId: string;
  scopes?: readonly ConsumerScope[];
  expiresInSeconds?: number;
}>;

/** Access through the portal. `path`: the page to open, such as `/deliveries?status=failed`. */
export type PortalAccess = ConsumerAccess & Readonly<{ path?: string }>;

/** A token for a page in a browser. It ends by itself, with the key that asked for it and with its consumer. */
export type ConsumerToken = Readonly<{ token: string; expiresAt: Date }>;

/** A link to the portal, and the token in it. Whoever has it has the access until `expiresAt`. */
export type PortalLink = ConsumerToken & Readonly<{ url: string }>;

const names: Names = {
  known: ['consumerId', 'scopes', 'expiresInSeconds'],
  mistakenFor: {
    consumer: 'consumerId',
    scope: 'scopes',
    expiresIn: 'expiresInSeconds',
    ttl: 'expiresInSeconds',
  },
};
const portalNames: Names = { ...names, known: [...names.known, 'path'] };
const maxSeconds = 3_600;

/** Returns the body of a request for a consumer token. Throws TypeError for access of the wrong kind. */
export function consumerAccessJson(access: ConsumerAccess): string {
  checkNames('the argument of createConsumerToken', access, names);
  return JSON.stringify(fieldsOf(access));
}

/** Returns the body of a request for a link to the portal. Throws TypeError for access of the wrong kind. */
export function portalAccessJson(access: PortalAccess): string {
  checkNames('the argument of createPortalLink', access, portalNames);
  const { path } = access;
  if (path !== undefined) checkText('path', path);
  return JSON.stringify({ ...fieldsOf(access), path });
}

function fieldsOf({ consumerId, scopes, expiresInSeconds }: ConsumerAccess): object {
  checkText('consumerId', consumerId);
  if (scopes !== undefined && !Array.isArray(scopes)) throw wrong('scopes', 'an array', scopes);
  for (const [index, scope] of (scopes ?? []).entries()) checkText(`scopes[${index}]`, scope);
  if (expiresInSeconds !== undefined) checkWhole('expiresInSeconds', expiresInSeconds, [1, maxSeconds]);
  return { consumer_id: consumerId, scopes, expires_in_seconds: expiresInSeconds };
}

type TokenAnswer = Readonly<{ token: string; expires_at: string }>;
type LinkAnswer = TokenAnswer & Readonly<{ url: string }>;

/** Returns true for a response with a token. */
export const isToken = (answer: unknown): answer is TokenAnswer =>
  hasText(answer, 'token') && hasText(answer, 'expires_at');

/** Returns true for a response with a link. */
export const isLink = (answer: unknown): answer is LinkAnswer => isToken(answer) && hasText(answer, 'url');

const hasText = (value: unknown, name: string): boolean =>
  typeof value === 'object' && value !== null && typeof Reflect.get(value, name) === 'string';

/** Returns the token of a response that {@link isToken} accepts. */
export function toToken(answer: unknown): ConsumerToken {
  const { token, expires_at } = answer as TokenAnswer;
  return { token, expiresAt: new Date(expires_at) };
}

/** Returns the link of a response that {@link isLink} accepts. */
export const toLink = (answer: unknown): PortalLink => ({
  ...toToken(answer),
  url: (answer as LinkAnswer).url,
});
