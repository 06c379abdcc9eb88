import type { IncomingMessage } from 'node:http';

// RFC 9110 section 7.6.1: these belong to one connection and are made anew for the next.
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

// What a caller says of itself that only a proxy may say: the services believe what comes from here.
const saidByProxies: ReadonlySet<string> = new Set([
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-real-ip',
  'traceparent',
]);

// Meant for every recipient, so no client may declare them its connection's own.
const endToEnd: ReadonlySet<string> = new Set(['host', 'content-length']);

/**
 * What the services are told beside the fields of the client: from which address and in which trace it came. `host`: of
 * the service, for a client of HTTP/1.0 that names none.
 */
export type Provenance = Readonly<{ address: string; traceparent: string; host: string }>;

type Field = readonly [name: string, value: string];

/** The fields of a request for the next server, as names and values in turn, in their order and each as it came. */
export function requestFields(
  request: IncomingMessage,
  { address, traceparent, host }: Provenance,
): string[] {
  const { method = 'GET', headers, httpVersion } = request;
  // An expectation of HTTP/1.0 is none (RFC 9110 section 10.1.1), and would become one here.
  const isLeftOut = (name: string) => saidByProxies.has(name) || (name === 'expect' && httpVersion === '1.0');
  const passed = fieldsOf(request).filter(([name]) => !isLeftOut(name.toLowerCase()));
  const isChunked = headers['transfer-encoding'] !== undefined;
  // Node would announce chunks where a method usually has a body, and the service would then ask for its type.
  const isEmpty = !isChunked && headers['content-length'] === undefined && !/^(GET|HEAD)$/.test(method);
  return [
    ...passed,
    ...(headers.host === undefined ? [['host', host] as const] : []),
    ['x-forwarded-for', address] as const,
    ['traceparent', traceparent] as const,
    ['connection', 'keep-alive'] as const,
    ...(isChunked ? [['transfer-encoding', 'chunked'] as const] : []),
    ...(isEmpty ? [['content-length', '0'] as const] : []),
  ].flat();
}

/** The fields of an answer for the client, with all values of each. */
export function answerFields(answer: IncomingMessage): ReadonlyMap<string, readonly string[]> {
  const fields = new Map<string, string[]>();
  for (const [name, value] of fieldsOf(answer)) {
    const key = name.toLowerCase();
    fields.set(key, [...(fields.get(key) ?? []), value]);
  }
  return fields;
}

function fieldsOf({ rawHeaders, headers }: IncomingMessage): Field[] {
  const named = (headers.connection ?? '').toLowerCase().split(',');
  const own = new Set(named.map((name) => name.trim()).filter((name) => !endToEnd.has(name)));
  const fields: Field[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2);
    const key = name.toLowerCase();
    if (!hopByHop.has(key) && !own.has(key)) fields.push([name, value]);
  }
  return fields;
}
