import type { SecureContext } from 'node:tls';
import type { EgressFailure, Phase } from '../failure.ts';
import type { PooledConnection } from './pooled-connection.ts';

/** The key of a pool: requests share sockets only if all of these fields are equal. */
export type PoolTarget = Readonly<{
  key: string;
  origin: string;
  hostname: string;
  port: number;
  secureContext: SecureContext | null;
}>;

/** Acquires a socket to one of `addresses`, all of which were checked just now. */
export interface Acquirer {
  readonly addresses: readonly string[];
  /** True if an idle socket must not be used. */
  readonly needsFresh: boolean;
  onPhase(phase: Phase): void;
  onConnection(pooled: PooledConnection): void;
  onFailure(failure: EgressFailure): void;
}

/** An acquirer that waits or connects, and the function that withdraws it. */
export type PendingAcquire = { readonly acquirer: Acquirer; withdraw: () => void };

/** The sockets to one target. */
export type OriginPool = {
  readonly target: PoolTarget;
  readonly idle: PooledConnection[];
  readonly waiting: Set<PendingAcquire>;
  /** Connecting, idle and busy sockets. */
  open: number;
};

/** Creates a pool without sockets. */
export function newOriginPool(target: PoolTarget): OriginPool {
  return { target, idle: [], waiting: new Set(), open: 0 };
}
