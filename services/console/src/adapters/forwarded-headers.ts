import type { IncomingMessage } from 'node:http';
import { sessionHeader } from '@tidings/http';

// RFC 9110 section 7.6.1: these fields belong to one connection and are generated for the next.
const hopByHop: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

// Fields that only a proxy may set: the services trust them when they come from the console.
const saidByProxies: ReadonlySet<string> = new Set([
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-real-ip',
  'traceparent',
]);

// End-to-end fields: a client cannot declare them as hop-by-hop in Connection. Without that of the session, a session
// that was signed out would be taken for the key itself.
const endToEnd: ReadonlySet<string> = new Set(['host', 'content-length', sessionHeader]);

/**
 * Fields that the console adds to those of the client: its address and the trace. `host` is that of the service, for an
 * HTTP/1.0 client that sends none.
 */
export type Provenance = Readonly<{
  address: string;
  traceparent: string;
  host: string;
  /** The protocol that the client asks for instead of HTTP. */
  upgrade?: string;
}>;

type Field = readonly [name: string, value: string];

/** Returns the fields of a request for the next server, as alternating names and values, unchanged and in order. */
export function requestFields(
  request: IncomingMessage,
  { address, traceparent, host, upgrade }: Provenance,
): string[] {
  const { method = 'GET', headers, httpVersion } = request;
  // An expectation in HTTP/1.0 must be ignored (RFC 9110 section 10.1.1), and would take effect here.
  const isLeftOut = (name: string) => saidByProxies.has(name) || (name === 'expect' && httpVersion === '1.0');
  const passed = fieldsOf(request).filter(([name]) => !isLeftOut(name.toLowerCase()));
  const isChunked = headers['transfer-encoding'] !== undefined;
  // Node would announce chunks for a method that usually has a body, and the service would then require a content type.
  const isEmpty = !isChunked && headers['content-length'] === undefined && !/^(GET|HEAD)$/.test(method);
  return [
    ...passed,
    ...(headers.host === undefined ? [['host', host] as const] : []),
    ['x-forwarded-for', address] as const,
    ['traceparent', traceparent] as const,
    ...(upgrade === undefined
      ? [['connection', 'keep-alive'] as const]
      : [['connection', 'upgrade'] as const, ['upgrade', upgrade] as const]),
    ...(isChunked ? [['transfer-encoding', 'chunked'] as const] : []),
    ...(isEmpty ? [['content-length', '0'] as const] : []),
  ].flat();
}

/** Returns the fields of a response for the client, with all values of each. */
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
