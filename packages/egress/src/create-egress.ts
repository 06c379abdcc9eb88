import type { Readable } from 'node:stream';
import { loopHeaderName, type RequestOutcome } from '@tidings/contracts';
import { type Clock, messageOf, systemClock } from '@tidings/runtime';
import { checkEndpoint, type EndpointCheck } from './check-endpoint.ts';
import { type Dial, dialTcp } from './connection/dial-first.ts';
import type { PoolTarget } from './connection/origin-pool.ts';
import { type PoolStats, SocketPools } from './connection/socket-pools.ts';
import { SwapRemoveList } from './connection/swap-remove-list.ts';
import { TlsContexts, type TlsOptions } from './connection/tls-contexts.ts';
import { DnsCache } from './dns/dns-cache.ts';
import { type Resolver, systemResolver } from './dns/resolver.ts';
import { Exchange } from './exchange/exchange.ts';
import type { ExchangeTools, RunningExchange } from './exchange/exchange-options.ts';
import { type PreparedUrl, PreparedUrls } from './exchange/prepared-urls.ts';
import { createHttp, sendThrough } from './exchange/send-through.ts';
import { type EgressFailure, outcomeOfFailure } from './failure.ts';
import type { NetworkPolicy } from './policy/network-policy.ts';

/** Options of an {@link Egress}. All but the policy have defaults. */
export type EgressOptions = Readonly<{
  policy: NetworkPolicy;
  /** Maximum number of sockets. Default 1,024. */
  maxSockets?: number;
  /** Maximum number of sockets per origin (scheme, host, port, policy key, TLS options). Default 64. */
  maxSocketsPerOrigin?: number;
  /** Idle time after which a socket is closed; a shorter limit of the server applies. Default 15,000. */
  idleTimeoutMs?: number;
  /** Timeout of TCP and TLS together, within the request's deadline. Default 5,000. */
  connectTimeoutMs?: number;
  /** Maximum size of a response's header. Default 16,384. */
  maxHeaderBytes?: number;
  /** Maximum lifetime of a DNS answer, regardless of its TTL. Default 30,000. */
  maxDnsAgeMs?: number;
  /** Maximum number of cached DNS answers. Default 4,096. */
  maxDnsEntries?: number;
  /** The value of the `tidings-loop` header, by which this installation recognises its own requests. Default none. */
  loopId?: string;
  clock?: Clock;
  resolver?: Resolver;
  dial?: Dial;
}>;

/**
 * A body that is read while it is sent. `open` is called for each try, when its connection is there; the stream must have
 * exactly `bytes` bytes.
 */
export type StreamedBody = Readonly<{ bytes: number; open(): Readable }>;

/** One request. The body is sent unchanged; the egress sets `content-length` and `host`. */
export type EgressRequest = Readonly<{
  url: string;
  /** Default POST. */
  method?: 'POST' | 'PUT' | 'PATCH' | 'GET' | 'HEAD' | 'OPTIONS' | 'DELETE';
  headers: Readonly<Record<string, string>>;
  /** A streamed body that cannot be read ends the request as `aborted`. */
  body: Buffer | StreamedBody;
  /** One deadline over lookup, connect, TLS, headers and body. */
  timeoutMs: number;
  /** Maximum number of body bytes read before the socket is destroyed. Default 16,384. */
  maxResponseBytes?: number;
  tls?: TlsOptions;
  /** Only requests with the same key share sockets. */
  policyKey?: string;
  /** True: the request uses a new connection even if one is idle. Default false. */
  freshSocket?: boolean;
  /** Ends the request as `aborted`. */
  signal?: AbortSignal;
}>;

/** The HTTP client with the SSRF guard. */
export type Egress = Readonly<{
  /** Sends one request and follows no redirects. Never rejects: failures are outcomes. */
  send(request: EgressRequest): Promise<RequestOutcome>;
  /** Checks a URL and the addresses that its name resolves to now. See `checkUrl` for the fast check by text. */
  checkEndpoint(url: string): Promise<EndpointCheck>;
  /** Replaces the policy for later requests and for open sockets. */
  setPolicy(policy: NetworkPolicy): void;
  stats(): PoolStats;
  /** Ends running requests as `aborted`, closes every socket, and resolves when all are closed. */
  close(): Promise<void>;
}>;

const defaultMaxResponseBytes = 16_384;
// A duplicate of these, or a different value, would change the boundary between two requests.
const ownHeaders: ReadonlySet<string> = new Set([
  'accept-encoding',
  'host',
  'content-length',
  'connection',
  'transfer-encoding',
  'keep-alive',
  'upgrade',
  'expect',
  'te',
  'trailer',
  loopHeaderName,
]);

/** Returns alternating names and values, or the first name that callers must not set. */
function headerList(headers: Readonly<Record<string, string>>, own: readonly string[]): string[] | string {
  const list = [...own];
  for (const name in headers) {
    const value = headers[name];
    if (value === undefined) continue;
    if (ownHeaders.has(name.toLowerCase())) return name;
    list.push(name, value);
  }
  return list;
}

function failedAtOnce(failure: EgressFailure): Promise<RequestOutcome> {
  const timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, bodyMs: null, totalMs: 0 };
  const nothingRead = { status: null, headers: {}, body: Buffer.alloc(0), beforeAnyByte: false };
  return Promise.resolve(outcomeOfFailure(failure, nothingRead, timings));
}

class GuardedEgress implements Egress {
  readonly #clock: Clock;
  readonly #dns: DnsCache;
  readonly #pools: SocketPools;
  readonly #contexts = new TlsContexts();
  readonly #http = createHttp();
  readonly #running = new SwapRemoveList<RunningExchange>();
  readonly #ownHeaders: readonly string[];
  readonly #tools: ExchangeTools;
  #policy: NetworkPolicy;
  #urls: PreparedUrls;
  #isClosed = false;

  constructor(options: EgressOptions) {
    this.#policy = options.policy;
    this.#urls = new PreparedUrls(options.policy);
    this.#clock = options.clock ?? systemClock;
    this.#dns = new DnsCache({
      resolver: options.resolver ?? systemResolver(),
      clock: this.#clock,
      maxEntries: options.maxDnsEntries ?? 4_096,
      maxAgeMs: options.maxDnsAgeMs ?? 30_000,
    });
    this.#pools = new SocketPools({
      dial: options.dial ?? dialTcp,
      clock: this.#clock,
      maxSockets: options.maxSockets ?? 1_024,
      maxSocketsPerOrigin: options.maxSocketsPerOrigin ?? 64,
      idleTimeoutMs: options.idleTimeoutMs ?? 15_000,
      connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
      maxHeaderBytes: options.maxHeaderBytes ?? 16_384,
    });
    this.#tools = { clock: this.#clock, pools: this.#pools, dns: this.#dns, running: this.#running };
    const { loopId } = options;
    this.#ownHeaders = [
      'accept-encoding',
      'identity',
      ...(loopId === undefined ? [] : [loopHeaderName, loopId]),
    ];
  }

  send(request: EgressRequest): Promise<RequestOutcome> {
    if (this.#isClosed) return failedAtOnce({ reason: 'aborted', detail: 'the egress is closed' });
    const headers = headerList(request.headers, this.#ownHeaders);
    if (typeof headers === 'string') {
      return failedAtOnce({ reason: 'protocol', detail: `header '${headers}' is set by the egress itself` });
    }
    if (!(request.body instanceof Uint8Array)) headers.push('content-length', String(request.body.bytes));
    const url = this.#urls.find(request.url);
    if (url.failure !== null) return failedAtOnce(url.failure);
    let target: PoolTarget;
    try {
      target = this.#targetOf(url, request);
    } catch (error) {
      return failedAtOnce({ reason: 'tls', detail: `tls: ${messageOf(error)}` });
    }
    const exchange = new Exchange({
      tools: this.#tools,
      url,
      target,
      method: request.method ?? 'POST',
      headers,
      body: request.body,
      timeoutMs: request.timeoutMs,
      maxResponseBytes: request.maxResponseBytes ?? defaultMaxResponseBytes,
      needsFresh: request.freshSocket ?? false,
      signal: request.signal,
    });
    return sendThrough(this.#http, exchange);
  }

  async checkEndpoint(url: string): Promise<EndpointCheck> {
    return checkEndpoint(url, this.#policy, (hostname) => this.#dns.find(hostname));
  }

  setPolicy(policy: NetworkPolicy): void {
    this.#policy = policy;
    this.#urls = new PreparedUrls(policy);
    this.#pools.renew();
  }

  stats(): PoolStats {
    return this.#pools.stats;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const exchange of this.#running.values()) exchange.abort('the egress is closed');
    await this.#pools.close();
  }

  #targetOf(url: PreparedUrl, { tls, policyKey }: EgressRequest): PoolTarget {
    const isCommon = tls === undefined && policyKey === undefined;
    if (isCommon && url.target !== null) return url.target;
    const { origin, isTls, read } = url;
    const identity = isTls ? this.#contexts.find(tls) : null;
    const target = {
      key: `${origin} ${identity?.digest ?? ''} ${policyKey ?? ''}`,
      origin,
      hostname: read.host,
      port: read.port,
      secureContext: identity?.context ?? null,
    };
    if (isCommon) url.target = target;
    return target;
  }
}

/**
 * Creates the only client for addresses that partners choose (SSRF guard). Every request passes the URL's rules, the
 * check of every resolved address, a pinned connect, and a check of the peer's address before the first byte.
 */
export function createEgress(options: EgressOptions): Egress {
  return new GuardedEgress(options);
}
