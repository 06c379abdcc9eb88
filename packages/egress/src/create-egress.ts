import { loopHeaderName } from '@tidings/contracts';
import { type Clock, messageOf, systemClock } from '@tidings/runtime';
import { AddressBook } from './address-book.ts';
import { checkEndpoint, type EndpointCheck } from './check-endpoint.ts';
import { type Dial, dialTcp } from './dial-first.ts';
import { Exchange, type ExchangeTools } from './exchange.ts';
import type { NetworkPolicy } from './network-policy.ts';
import type { EgressFailure, EgressOutcome } from './outcome.ts';
import { type Resolver, systemResolver } from './resolver.ts';
import { type Route, Routes } from './routes.ts';
import { type PoolStats, type PoolTarget, SocketPools } from './socket-pools.ts';
import { SwapRemoveList } from './swap-remove-list.ts';
import { TlsContexts, type TlsOptions } from './tls-contexts.ts';
import { createHttp, sendThrough } from './undici-adapter.ts';

/** How an {@link Egress} works. Everything but the policy has a default. */
export type EgressOptions = Readonly<{
  policy: NetworkPolicy;
  /** Sockets in all. Default 1,024. */
  maxSockets?: number;
  /** Sockets to one origin (scheme, host, port, policy key, TLS options). Default 64. */
  maxSocketsPerOrigin?: number;
  /** An idle socket is closed after this long, or earlier when the server says so. Default 15,000. */
  idleTimeoutMs?: number;
  /** Over TCP and TLS, inside the request's deadline. Default 5,000. */
  connectTimeoutMs?: number;
  /** Header of a response. Default 16,384. */
  maxHeaderBytes?: number;
  /** Longest life of a DNS answer, whatever its TTL. Default 30,000. */
  maxDnsAgeMs?: number;
  /** Names whose DNS answer is kept. Default 4,096. */
  maxDnsEntries?: number;
  /** Sent as `tidings-loop`, so that this installation recognises its own requests. Default none. */
  loopId?: string;
  clock?: Clock;
  resolver?: Resolver;
  dial?: Dial;
}>;

/** One request. The body is sent as it is; `content-length` and `host` are set here. */
export type EgressRequest = Readonly<{
  url: string;
  /** Default POST. */
  method?: 'POST' | 'PUT' | 'PATCH' | 'GET' | 'HEAD' | 'OPTIONS' | 'DELETE';
  headers: Readonly<Record<string, string>>;
  body: Buffer;
  /** One deadline over lookup, connect, TLS, headers and body. */
  timeoutMs: number;
  /** What is read of the body before the socket is destroyed. Default 16,384. */
  maxResponseBytes?: number;
  tls?: TlsOptions;
  /** Sockets are shared only between requests with the same key. */
  policyKey?: string;
  /** True: the request goes out on a new connection, whatever lies idle. Default false. */
  freshSocket?: boolean;
  /** Ends the request as `aborted`. */
  signal?: AbortSignal;
}>;

/** The guarded HTTP client. */
export type Egress = Readonly<{
  /** Sends one request, without redirects. Never rejects: what went wrong is an outcome. */
  send: (request: EgressRequest) => Promise<EgressOutcome>;
  /** Judges a URL with what its name resolves to now. See `checkUrl` for the quick check by text. */
  checkEndpoint: (url: string) => Promise<EndpointCheck>;
  /** Puts another policy in force: for the next request, and for sockets that are open. */
  setPolicy: (policy: NetworkPolicy) => void;
  stats: () => PoolStats;
  /** Ends what runs as `aborted`, closes every socket, and resolves when all are closed. */
  close: () => Promise<void>;
}>;

const defaultMaxResponseBytes = 16_384;
// A second of these, or one with another value, changes where one request ends and the next begins.
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

/** Names and values in turn; or the first name that may not be set from outside. */
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

function failedAtOnce({ reason, detail }: EgressFailure): Promise<EgressOutcome> {
  const timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, bodyMs: null, totalMs: 0 };
  return Promise.resolve({ kind: 'failed', reason, detail, status: null, beforeAnyByte: false, timings });
}

class GuardedEgress {
  readonly #clock: Clock;
  readonly #book: AddressBook;
  readonly #pools: SocketPools;
  readonly #contexts = new TlsContexts();
  readonly #http = createHttp();
  readonly #running = new SwapRemoveList<Exchange>();
  readonly #ownHeaders: readonly string[];
  readonly #tools: ExchangeTools;
  #policy: NetworkPolicy;
  #routes: Routes;
  #isClosed = false;

  constructor(options: EgressOptions) {
    this.#policy = options.policy;
    this.#routes = new Routes(options.policy);
    this.#clock = options.clock ?? systemClock;
    this.#book = new AddressBook({
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
    this.#tools = { clock: this.#clock, pools: this.#pools, book: this.#book, running: this.#running };
    const { loopId } = options;
    this.#ownHeaders = [
      'accept-encoding',
      'identity',
      ...(loopId === undefined ? [] : [loopHeaderName, loopId]),
    ];
  }

  send(request: EgressRequest): Promise<EgressOutcome> {
    if (this.#isClosed) return failedAtOnce({ reason: 'aborted', detail: 'the egress is closed' });
    const headers = headerList(request.headers, this.#ownHeaders);
    if (typeof headers === 'string') {
      return failedAtOnce({ reason: 'protocol', detail: `header '${headers}' is set by the egress itself` });
    }
    const route = this.#routes.find(request.url);
    if (route.failure !== null) return failedAtOnce(route.failure);
    let target: PoolTarget;
    try {
      target = this.#targetOf(route, request);
    } catch (error) {
      return failedAtOnce({ reason: 'tls', detail: `tls: ${messageOf(error)}` });
    }
    const exchange = new Exchange({
      tools: this.#tools,
      route,
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
    return checkEndpoint(url, this.#policy, (hostname) => this.#book.find(hostname));
  }

  setPolicy(policy: NetworkPolicy): void {
    this.#policy = policy;
    this.#routes = new Routes(policy);
    this.#pools.renew();
  }

  get stats(): PoolStats {
    return this.#pools.stats;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const exchange of this.#running.values()) exchange.abort('the egress is closed');
    await this.#pools.close();
  }

  #targetOf(route: Route, { tls, policyKey }: EgressRequest): PoolTarget {
    const isCommon = tls === undefined && policyKey === undefined;
    if (isCommon && route.target !== null) return route.target;
    const { origin, isTls, read } = route;
    const identity = isTls ? this.#contexts.find(tls) : null;
    const target = {
      key: `${origin} ${identity?.digest ?? ''} ${policyKey ?? ''}`,
      origin,
      hostname: read.host,
      port: read.port,
      secureContext: identity?.context ?? null,
    };
    if (isCommon) route.target = target;
    return target;
  }
}

/**
 * Opens the one client for addresses that partners choose. Every request passes the guard: the URL's rules, every
 * resolved address, a pinned connect, and the peer's address before the first byte.
 */
export function createEgress(options: EgressOptions): Egress {
  const egress = new GuardedEgress(options);
  return {
    send: (request) => egress.send(request),
    checkEndpoint: (url) => egress.checkEndpoint(url),
    setPolicy: (policy) => egress.setPolicy(policy),
    stats: () => egress.stats,
    close: () => egress.close(),
  };
}
