/** A request to the API. A string `body` is sent unchanged, any other value as JSON. */
export type ApiRequest = Readonly<{
  key: string | null;
  method: string;
  path: string;
  body?: unknown;
  ifMatch?: string;
  idempotencyKey?: string;
}>;

/** The parts of a response by which a caller can distinguish two, except the id and time of the request itself. */
export type Answer = Readonly<{ status: number; headers: Readonly<Record<string, string>>; text: string }>;

/** Parses the JSON of a response. Throws with the whole response if its status is not one of `statuses`. */
export function bodyOf<T>({ status, text }: Answer, ...statuses: readonly number[]): T {
  if (statuses.includes(status)) return JSON.parse(text) as T;
  throw new Error(`${status} instead of ${statuses.join(' or ')}: ${text}`);
}

// These differ between requests or reveal the limit of the key.
const passingHeaders = new Set([
  'date',
  'keep-alive',
  'connection',
  'transfer-encoding',
  'content-length',
  'x-request-id',
]);
const isPassing = (name: string): boolean => passingHeaders.has(name) || name.includes('ratelimit');

// The shared stack accepts the test as a trusted proxy, so each request can have its own address. Otherwise the limit
// on wrong keys would reject requests after 20 of them in a minute.
let requests = 0;
function nextAddress(): string {
  requests += 1;
  return `198.18.${(requests >> 8) & 255}.${requests & 255}`;
}

// A stream has no end, and its ids differ: its first message says that it is open.
async function beginOf(response: Response): Promise<string> {
  let text = '';
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    // Leaving the loop closes the connection.
    if (text.includes('event: ready')) break;
  }
  return text.replaceAll(/^id: .*\n/gm, '');
}

/** Sends a request and returns the response, whatever its status. */
export async function sendRequest(
  url: string,
  { key, method, path, body, ifMatch, idempotencyKey }: ApiRequest,
): Promise<Answer> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      'x-forwarded-for': nextAddress(),
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
  const text = isStream ? await beginOf(response) : await response.text();
  return {
    status: response.status,
    headers: Object.fromEntries([...response.headers].filter(([name]) => !isPassing(name))),
    text: text.replace(/"traceId":"[0-9a-f]*"/, '"traceId":""'),
  };
}
