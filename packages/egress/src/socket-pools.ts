import type { SecureContext } from 'node:tls';
import type { Clock } from '@tidings/runtime';
import type { Dial } from './dial-first.ts';
import type { Phase } from './failure.ts';
import { type ConnectResult, connectGuarded } from './guarded-connect.ts';
import type { EgressFailure } from './outcome.ts';
import { type HttpBounds, Slot } from './pooled-connection.ts';
import { Roster } from './swap-remove-list.ts';

/** Bounds of {@link SocketPools}. */
export type PoolOptions = HttpBounds &
  Readonly<{
    dial: Dial;
    clock: Clock;
    /** Sockets in all, connecting ones included. */
    maxSockets: number;
    maxSocketsPerOrigin: number;
    connectTimeoutMs: number;
  }>;

/** Where sockets of one kind go: requests share sockets only when all of this is the same. */
export type PoolTarget = Readonly<{
  key: string;
  origin: string;
  hostname: string;
  port: number;
  secureContext: SecureContext | null;
}>;

/** Someone who needs a socket to one of `addresses`, all of which were checked just now. */
export interface Borrower {
  readonly addresses: readonly string[];
  /** An idle socket is not good enough. */
  readonly needsFresh: boolean;
  onPhase(phase: Phase): void;
  onSlot(slot: Slot): void;
  onFailure(failure: EgressFailure): void;
}

/** A borrower that waits or connects, and how it is withdrawn. */
type Wish = { readonly borrower: Borrower; withdraw: () => void };

/** The sockets to one target. */
type OriginPool = {
  readonly target: PoolTarget;
  readonly idle: Slot[];
  readonly waiting: Set<Wish>;
  /** Connecting, idle and busy. */
  open: number;
};

/** What the pools hold, for metrics and leak checks. */
export type PoolStats = Readonly<{ sockets: number; idle: number; waiting: number; origins: number }>;

const nothing = () => {};

/**
 * All sockets, by target. At the global cap the socket that was idle for longest makes room; targets that wait take
 * turns, so a busy one cannot keep a new one out. A pool without sockets and borrowers is forgotten, so the caps bound
 * the pools as well.
 */
export class SocketPools {
  readonly #options: PoolOptions;
  readonly #pools = new Map<string, OriginPool>();
  readonly #poolOfSlot = new Map<Slot, OriginPool>();
  /** Idle sockets of all pools. */
  readonly #idle = new Roster<Slot>();
  #releases = 0;
  /** Pools with borrowers that wait, in turn. */
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

  /** Lends a socket, at once when one is idle. The returned function withdraws the wish while it is unfulfilled. */
  borrow(target: PoolTarget, borrower: Borrower): () => void {
    const pool = this.#poolOf(target);
    const slot = this.#takeIdle(pool, borrower);
    if (slot !== undefined) {
      borrower.onSlot(slot);
      return nothing;
    }
    const wish: Wish = { borrower, withdraw: nothing };
    if (this.#makeRoom(pool)) this.#connect(pool, wish);
    else this.#wait(pool, wish);
    return () => wish.withdraw();
  }

  /** Takes a socket back. One that was closed meanwhile is not kept. */
  release(slot: Slot): void {
    const pool = this.#poolOfSlot.get(slot);
    if (pool === undefined) return;
    if (!slot.canBeUsedAgain || slot.generation !== this.#generation) {
      slot.destroy();
      return;
    }
    slot.isReused = true;
    slot.rest();
    pool.idle.push(slot);
    this.#releases += 1;
    slot.idleSince = this.#releases;
    this.#idle.add(slot);
    this.#serve();
  }

  /** Closes the idle sockets, and each busy one when it comes back: they were checked under an older policy. */
  renew(): void {
    this.#generation += 1;
    for (const slot of this.#idle.values()) slot.destroy();
  }

  /** Destroys every socket and resolves when the last one is closed. Borrowers must have been withdrawn. */
  async close(): Promise<void> {
    const emptied = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    for (const slot of [...this.#poolOfSlot.keys()]) slot.destroy();
    if (this.#open > 0) await emptied;
  }

  #poolOf(target: PoolTarget): OriginPool {
    const known = this.#pools.get(target.key);
    if (known !== undefined) return known;
    const pool: OriginPool = { target, idle: [], waiting: new Set(), open: 0 };
    this.#pools.set(target.key, pool);
    return pool;
  }

  #takeIdle(pool: OriginPool, { addresses, needsFresh }: Borrower): Slot | undefined {
    if (needsFresh) return undefined;
    for (let slot = pool.idle.pop(); slot !== undefined; slot = pool.idle.pop()) {
      this.#idle.delete(slot);
      // A new check for an old socket: its peer must be among the addresses that the name has now.
      if (slot.isOpen && addresses.includes(slot.connection.remoteAddress)) return slot;
      slot.destroy();
    }
    return undefined;
  }

  /** True when one more socket may be opened, if need be in place of an idle one. */
  #makeRoom(pool: OriginPool): boolean {
    const { maxSockets, maxSocketsPerOrigin } = this.#options;
    const isPoolFull = pool.open >= maxSocketsPerOrigin;
    if (!isPoolFull && this.#open < maxSockets) return true;
    // A pool that is full has idle sockets only for those who need a fresh one.
    const oldest = isPoolFull ? pool.idle[0] : this.#idle.least(({ idleSince }) => idleSince);
    if (oldest === undefined) return false;
    this.#remove(oldest);
    oldest.destroy();
    return true;
  }

  #wait(pool: OriginPool, wish: Wish): void {
    pool.waiting.add(wish);
    this.#waiting.add(pool);
    wish.withdraw = () => {
      pool.waiting.delete(wish);
      if (pool.waiting.size === 0) this.#waiting.delete(pool);
      this.#forgetIfEmpty(pool);
    };
    wish.borrower.onPhase('waiting');
  }

  #connect(pool: OriginPool, wish: Wish): void {
    const { hostname, port, secureContext } = pool.target;
    const { dial, clock, connectTimeoutMs } = this.#options;
    const { borrower } = wish;
    const { addresses } = borrower;
    // The room may have been made by closing its last socket, with which it was forgotten.
    this.#pools.set(pool.target.key, pool);
    pool.open += 1;
    this.#open += 1;
    const generation = this.#generation;
    wish.withdraw = connectGuarded(
      { addresses, port, hostname, secureContext },
      { dial, clock, timeoutMs: connectTimeoutMs, onPhase: (phase) => borrower.onPhase(phase) },
      (result) => this.#onConnected({ pool, wish, generation }, result),
    );
  }

  #onConnected(
    { pool, wish, generation }: { pool: OriginPool; wish: Wish; generation: number },
    result: ConnectResult,
  ): void {
    wish.withdraw = nothing;
    if (!result.ok) {
      this.#forgetSocket(pool);
      wish.borrower.onFailure(result.failure);
      return;
    }
    const { connection } = result;
    const slot = new Slot(pool.target.origin, connection, { ...this.#options, generation });
    this.#poolOfSlot.set(slot, pool);
    connection.socket.once('close', () => this.#remove(slot));
    wish.borrower.onSlot(slot);
  }

  #remove(slot: Slot): void {
    const pool = this.#poolOfSlot.get(slot);
    if (pool === undefined) return;
    this.#poolOfSlot.delete(slot);
    if (this.#idle.delete(slot)) {
      const index = pool.idle.indexOf(slot);
      if (index >= 0) pool.idle.splice(index, 1);
    }
    slot.destroy();
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

  /** Serves waiting pools in turn, one borrower a turn, until no socket is free for any of them. */
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
    const [wish] = pool.waiting;
    if (wish === undefined) return false;
    const slot = this.#takeIdle(pool, wish.borrower);
    if (slot === undefined && !this.#makeRoom(pool)) return false;
    pool.waiting.delete(wish);
    this.#waiting.delete(pool);
    if (pool.waiting.size > 0) this.#waiting.add(pool);
    wish.withdraw = nothing;
    if (slot === undefined) this.#connect(pool, wish);
    else wish.borrower.onSlot(slot);
    return true;
  }
}
