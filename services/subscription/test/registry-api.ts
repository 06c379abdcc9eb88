import type { Principal } from '@tidings/http';

/** Fields of any response that tests read individually; each response has some of them. */
export type AnswerBody = Readonly<{
  id: string;
  secret: string;
  secrets: readonly Readonly<{ id: string; created_at: string; expires_at: string }>[];
  public_key: string;
  version: number;
  consumer_id: string;
  disabled_at: string;
  propagated: boolean;
  error: string;
  success: boolean;
  failure_count: number;
  last_delivery_at: string | null;
  detail: string;
  errors: readonly Readonly<{ pointer: string; detail: string }>[];
  data: readonly AnswerBody[];
  next_cursor: string | null;
  secret_headers: Readonly<Record<string, true>>;
  warnings: readonly Readonly<{ pointer: string; detail: string }>[];
}>;

/** A response with its body parsed. */
export type Answer<Body = AnswerBody> = Readonly<{ status: number; headers: Headers; body: Body }>;

/** One call. The body is sent as JSON; `headers` are added. */
export type Call = Readonly<{ key?: string; body?: unknown; headers?: Record<string, string> }>;

/** Creates a caller of everything below `base` with typed response bodies. A string `body` is sent unchanged. */
export function callerOf<Body>(base: string, defaultKey: string) {
  return async (
    method: string,
    below: string,
    { key = defaultKey, body, headers }: Call = {},
  ): Promise<Answer<Body>> => {
    const response = await fetch(`${base}${below}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const read: unknown = JSON.parse(await response.text());
    return { status: response.status, headers: response.headers, body: read as Body };
  };
}

/** Creates a caller of the subscriptions API: `call('POST', '', { body })`. */
export const apiCaller = (url: string, defaultKey: string) =>
  callerOf<AnswerBody>(`${url}/v1/webhooks/subscriptions`, defaultKey);

const allScopes: ReadonlySet<string> = new Set(['admin']);

/**
 * Principals of tests: `own` and `other` each see one workspace, `acme` one consumer of the first, `reader` may only
 * read, and `operator` has access to the platform.
 */
export const principals: Readonly<Record<string, Principal>> = {
  own: { keyId: 'key_own', workspaceId: 'ws_own', consumerId: null, scopes: allScopes },
  other: { keyId: 'key_other', workspaceId: 'ws_other', consumerId: null, scopes: allScopes },
  acme: { keyId: 'key_acme', workspaceId: 'ws_own', consumerId: 'acme', scopes: allScopes },
  globex: { keyId: 'key_globex', workspaceId: 'ws_own', consumerId: 'globex', scopes: allScopes },
  operator: {
    keyId: 'key_operator',
    workspaceId: 'ws_operator',
    consumerId: null,
    scopes: new Set(['admin', 'platform']),
  },
  reader: {
    keyId: 'key_reader',
    workspaceId: 'ws_own',
    consumerId: null,
    scopes: new Set(['subscriptions:read']),
  },
};

/** Creates the minimal body of a new subscription. */
export const aBody = (overrides: Readonly<Record<string, unknown>> = {}): Record<string, unknown> => ({
  endpoint_url: 'https://partner.example/hook',
  events: ['order.*'],
  ...overrides,
});

/** Returns the pointers of a problem. */
export const pointersOf = ({ body }: Answer): string[] => body.errors.map(({ pointer }) => pointer);
