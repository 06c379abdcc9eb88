import type { Clock } from '@tidings/runtime';
import { AgeList } from './age-list.ts';
import type { Dial } from './dial-first.ts';
import { type ConnectResult, connectGuarded } from './guarded-connect.ts';
import {
  type Acquirer,
  newOriginPool,
  type OriginPool,
  type PendingAcquire,
  type PoolTarget,
} from './origin-pool.ts';
import { type HttpBounds, PooledConnection } from './pooled-connection.ts';

/** Limits of {@link SocketPools}. */
export type PoolOptions = HttpBounds &
  Readonly<{
    dial: Dial;
    clock: Clock;
    /** Maximum number of sockets, connecting ones included. */
    maxSockets: number;
    maxSocketsPerOrigin: number;
    connectTimeoutMs: number;
  }>;

/** The contents of the pools, for metrics and leak checks. */
export type PoolStats = Readonly<{ sockets: number; idle: number; waiting: number; origins: number }>;

const nothing = () => {};

/**
 * All sockets, by target. At the global limit the socket that was idle longest is closed. Waiting targets are served
 * round-robin, so a busy one cannot block a new one. A pool without sockets and acquirers is removed, so the limits
 * bound the number of pools as well.
 */
export class SocketPools {
  readonly #options: PoolOptions;
  readonly #pools = new Map<string, OriginPool>();
  readonly #poolOfConnection = new Map<PooledConnection, OriginPool>();
  /** Idle sockets of all pools. */
  readonly #idle = new AgeList<PooledConnection>();
  /** Pools with pending acquires, in round-robin order. */
  readonly #waiting = new Set<OriginPool>();
  #open = 0;
  #generation = 0;
  #onEmpty: (() => void) | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  get stats(): PoolStats {
    let waiting = 0;
    for (const pool of this.#waiting) waiting += pool.waiting.size;
    return { sockets: this.#open, idle: this.#idle.size, waiting, origins: this.#pools.size };
  }

  /** Acquires a socket, immediately if one is idle. The returned function withdraws a pending acquire. */
  acquire(target: PoolTarget, acquirer: Acquirer): () => void {
    const pool = this.#poolOf(target);
    const pooled = this.#takeIdle(pool, acquirer);
    if (pooled !== undefined) {
      acquirer.onConnection(pooled);
      return nothing;
    }
    const pending: PendingAcquire = { acquirer, withdraw: nothing };
    if (this.#ensureCapacity(pool)) this.#connect(pool, pending);
    else this.#enqueue(pool, pending);
    return () => pending.withdraw();
  }

  /** Returns a socket to its pool. A socket that was closed meanwhile is dropped. */
  release(pooled: PooledConnection): void {
    const pool = this.#poolOfConnection.get(pooled);
    if (pool === undefined) return;
    if (!pooled.canBeUsedAgain || pooled.generation !== this.#generation) {
      pooled.destroy();
      return;
    }
    pooled.isReused = true;
    pooled.markIdle();
    pool.idle.push(pooled);
    this.#idle.add(pooled);
    this.#serve();
  }

  /** Closes the idle sockets now and each busy one on its release: they were checked under an older policy. */
  renew(): void {
    this.#generation += 1;
    for (const pooled of this.#idle.values()) pooled.destroy();
  }

  /** Destroys every socket and resolves when the last one is closed. All acquirers must have been withdrawn. */
  async close(): Promise<void> {
    const emptied = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    for (const pooled of [...this.#poolOfConnection.keys()]) pooled.destroy();
    if (this.#open > 0) await emptied;
  }

  #poolOf(target: PoolTarget): OriginPool {
    const known = this.#pools.get(target.key);
    if (known !== undefined) return known;
    const pool = newOriginPool(target);
    this.#pools.set(target.key, pool);
    return pool;
  }

  #takeIdle(pool: OriginPool, { addresses, needsFresh }: Acquirer): PooledConnection | undefined {
    if (needsFresh) return undefined;
    for (let pooled = pool.idle.pop(); pooled !== undefined; pooled = pool.idle.pop()) {
      this.#idle.delete(pooled);
      // An old socket is checked again: its peer must be among the current addresses of the name.
      if (pooled.isOpen && addresses.includes(pooled.connection.remoteAddress)) return pooled;
      pooled.destroy();
    }
    return undefined;
  }

  /** Returns true if one more socket may be opened; closes an idle one if necessary. */
  #ensureCapacity(pool: OriginPool): boolean {
    const { maxSockets, maxSocketsPerOrigin } = this.#options;
    const isPoolFull = pool.open >= maxSocketsPerOrigin;
    if (!isPoolFull && this.#open < maxSockets) return true;
    // A full pool has idle sockets only if the acquirer needs a fresh one.
    const oldest = isPoolFull ? pool.idle[0] : this.#idle.oldest;
    if (oldest === undefined) return false;
    this.#remove(oldest);
    oldest.destroy();
    return true;
  }

  #enqueue(pool: OriginPool, pending: PendingAcquire): void {
    pool.waiting.add(pending);
    this.#waiting.add(pool);
    pending.withdraw = () => {
      pool.waiting.delete(pending);
      if (pool.waiting.size === 0) this.#waiting.delete(pool);
      this.#forgetIfEmpty(pool);
    };
    pending.acquirer.onPhase('waiting');
  }

  #connect(pool: OriginPool, pending: PendingAcquire): void {
    const { hostname, port, secureContext } = pool.target;
    const { dial, clock, connectTimeoutMs } = this.#options;
    const { acquirer } = pending;
    const { addresses } = acquirer;
    // Closing the pool's last socket to free capacity may have removed the pool.
    this.#pools.set(pool.target.key, pool);
    pool.open += 1;
    this.#open += 1;
    const generation = this.#generation;
    pending.withdraw = connectGuarded(
      { addresses, port, hostname, secureContext },
      { dial, clock, timeoutMs: connectTimeoutMs, onPhase: (phase) => acquirer.onPhase(phase) },
      (result) => this.#onConnected({ pool, pending, generation }, result),
    );
  }

  #onConnected(
    { pool, pending, generation }: { pool: OriginPool; pending: PendingAcquire; generation: number },
    result: ConnectResult,
  ): void {
    pending.withdraw = nothing;
    if (!result.ok) {
      this.#forgetSocket(pool);
      pending.acquirer.onFailure(result.failure);
      return;
    }
    const { connection } = result;
    const pooled = new PooledConnection(pool.target.origin, connection, { ...this.#options, generation });
    this.#poolOfConnection.set(pooled, pool);
    connection.socket.once('close', () => this.#remove(pooled));
    pending.acquirer.onConnection(pooled);
  }

  #remove(pooled: PooledConnection): void {
    const pool = this.#poolOfConnection.get(pooled);
    if (pool === undefined) return;
    this.#poolOfConnection.delete(pooled);
    if (this.#idle.delete(pooled)) {
      const index = pool.idle.indexOf(pooled);
      if (index >= 0) pool.idle.splice(index, 1);
    }
    pooled.destroy();
    this.#forgetSocket(pool);
  }

  #forgetSocket(pool: OriginPool): void {
    pool.open -= 1;
    this.#open -= 1;
    this.#forgetIfEmpty(pool);
    if (this.#open === 0) this.#onEmpty?.();
    this.#serve();
  }

  #forgetIfEmpty(pool: OriginPool): void {
    if (pool.open === 0 && pool.waiting.size === 0) this.#pools.delete(pool.target.key);
  }

  /** Serves waiting pools round-robin, one acquirer at a time, until no socket is free for any of them. */
  #serve(): void {
    let isProgress = true;
    while (isProgress && this.#waiting.size > 0) {
      isProgress = false;
      for (const pool of this.#waiting) {
        if (this.#serveOne(pool)) {
          isProgress = true;
          break;
        }
      }
    }
  }

  #serveOne(pool: OriginPool): boolean {
    const [pending] = pool.waiting;
    if (pending === undefined) return false;
    const pooled = this.#takeIdle(pool, pending.acquirer);
    if (pooled === undefined && !this.#ensureCapacity(pool)) return false;
    pool.waiting.delete(pending);
    this.#waiting.delete(pool);
    if (pool.waiting.size > 0) this.#waiting.add(pool);
    pending.withdraw = nothing;
    if (pooled === undefined) this.#connect(pool, pending);
    else pending.acquirer.onConnection(pooled);
    return true;
  }
}
