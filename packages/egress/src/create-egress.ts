import { type Clock, messageOf, systemClock } from '@tidings/runtime';
import { AddressBook, type BookEntry } from './address-book.ts';
import { checkEndpoint } from './check-endpoint.ts';
import { Exchange } from './exchange.ts';
import { type Dial, dialTcp } from './guarded-connect.ts';
import { loopHeaderName } from './header-policy.ts';
import type { NetworkPolicy } from './network-policy.ts';
import type { EgressFailure, EgressOutcome } from './outcome.ts';
import { type Resolver, systemResolver } from './resolver.ts';
import { judgeRoute, type Route, Routes } from './routes.ts';
import { type PoolStats, type PoolTarget, SocketPools } from './socket-pools.ts';
import { TlsContexts, type TlsOptions } from './tls-contexts.ts';
import { createHttp, sendThrough } from './undici-adapter.ts';
import type { UrlCheck } from './url-policy.ts';

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
  /** Ends the request as `aborted`. */
  signal?: AbortSignal;
}>;

/** The guarded HTTP client. */
export type Egress = Readonly<{
  /** Sends one request, without redirects. Never rejects: what went wrong is an outcome. */
  send: (request: EgressRequest) => Promise<EgressOutcome>;
  /** Judges a URL with what its name resolves to now. See `checkUrl` for the quick check by text. */
  checkEndpoint: (url: string) => Promise<UrlCheck>;
  /** Puts another policy in force: for the next request, and for sockets that are open. */
  setPolicy: (policy: NetworkPolicy) => void;
  stats: () => PoolStats;
  /** Ends what runs as `aborted`, closes every socket, and resolves when all are closed. */
  close: () => Promise<void>;
}>;

const defaultMaxResponseBytes = 16_384;
// A second of these, or one with another value, changes where one request ends and the next begins.
const ownHeaders: ReadonlySet<string> = new Set([
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

function forbiddenHeader(headers: Readonly<Record<string, string>>): string | undefined {
  return Object.keys(headers).find((name) => ownHeaders.has(name.toLowerCase()));
}

function failedAtOnce({ reason, detail }: EgressFailure): EgressOutcome {
  const timings = { dnsMs: null, connectMs: null, tlsMs: null, firstByteMs: null, totalMs: 0 };
  return { kind: 'failed', reason, detail, beforeAnyByte: false, timings };
}

class GuardedEgress {
  readonly #clock: Clock;
  readonly #book: AddressBook;
  readonly #pools: SocketPools;
  readonly #contexts = new TlsContexts();
  readonly #http = createHttp();
  readonly #running = new Set<Exchange>();
  readonly #fixedHeaders: Readonly<Record<string, string>>;
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
    const { loopId } = options;
    this.#fixedHeaders = {
      'accept-encoding': 'identity',
      ...(loopId === undefined ? {} : { [loopHeaderName]: loopId }),
    };
  }

  async send(request: EgressRequest): Promise<EgressOutcome> {
    if (this.#isClosed) return failedAtOnce({ reason: 'aborted', detail: 'the egress is closed' });
    const header = forbiddenHeader(request.headers);
    if (header !== undefined) {
      return failedAtOnce({ reason: 'protocol', detail: `header '${header}' is set by the egress itself` });
    }
    const route = this.#routes.find(request.url);
    if (route.failure !== null) return failedAtOnce(route.failure);
    let target: PoolTarget;
    try {
      target = this.#targetOf(route, request);
    } catch (error) {
      return failedAtOnce({ reason: 'tls', detail: `tls: ${messageOf(error)}` });
    }
    const exchange = this.#exchangeOf(route, target, request);
    this.#running.add(exchange);
    try {
      return await sendThrough(this.#http, exchange, {
        url: request.url,
        method: request.method ?? 'POST',
        headers: { ...request.headers, ...this.#fixedHeaders },
        body: request.body,
      });
    } finally {
      this.#running.delete(exchange);
    }
  }

  async checkEndpoint(url: string): Promise<UrlCheck> {
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
    for (const exchange of [...this.#running]) exchange.abort('the egress is closed');
    await this.#pools.close();
  }

  #targetOf(route: Route, { tls, policyKey = '' }: EgressRequest): PoolTarget {
    const { origin, isTls, read } = route;
    const identity = isTls ? this.#contexts.find(tls) : null;
    return {
      key: `${origin} ${identity?.digest ?? ''} ${policyKey}`,
      origin,
      hostname: read.host,
      port: read.port,
      secureContext: identity?.context ?? null,
    };
  }

  #exchangeOf(route: Route, target: PoolTarget, request: EgressRequest): Exchange {
    const policy = this.#policy;
    return new Exchange({
      clock: this.#clock,
      pools: this.#pools,
      plan: {
        target,
        path: route.path,
        known: () => route.fixed ?? this.#book.peek(route.read.host),
        find: () => this.#book.find(route.read.host),
        judge: (entry: BookEntry) => judgeRoute(route, entry, policy),
      },
      timeoutMs: request.timeoutMs,
      maxResponseBytes: request.maxResponseBytes ?? defaultMaxResponseBytes,
      signal: request.signal,
    });
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
