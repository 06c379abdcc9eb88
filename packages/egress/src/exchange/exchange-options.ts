import type { Clock } from '@tidings/runtime';
import type { Dispatcher } from 'undici';
import type { PoolTarget } from '../connection/origin-pool.ts';
import type { SocketPools } from '../connection/socket-pools.ts';
import type { Listed, SwapRemoveList } from '../connection/swap-remove-list.ts';
import type { DnsCache } from '../dns/dns-cache.ts';
import type { PreparedUrl } from './prepared-urls.ts';
import type { BodySource } from './request-body.ts';

/** An exchange that can be ended as `aborted`. */
export type RunningExchange = Listed & { abort(detail: string): void };

/** The parts that the exchanges of one egress share. */
export type ExchangeTools = Readonly<{
  clock: Clock;
  pools: SocketPools;
  dns: DnsCache;
  /** Contains each exchange while it runs. */
  running: SwapRemoveList<RunningExchange>;
}>;

/** One exchange: its destination, its content, and its limits. */
export type ExchangeOptions = Readonly<{
  tools: ExchangeTools;
  url: PreparedUrl;
  target: PoolTarget;
  method: Dispatcher.HttpMethod;
  /** Alternating names and values. */
  headers: string[];
  body: BodySource;
  timeoutMs: number;
  maxResponseBytes: number;
  /** True if no idle socket may be used. */
  needsFresh: boolean;
  signal: AbortSignal | undefined;
}>;
