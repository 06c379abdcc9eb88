import type { Bus, Erasures } from '@tidings/kafka';
import type { Logger, Metrics } from '@tidings/observability';
import { AppError, type Clock, messageOf, runPeriodically } from '@tidings/runtime';
import type { metricsCatalogue } from '../metrics.ts';
import { announceGap, catchUp, checkedPosition } from './catch-up.ts';
import type { StreamPosition } from './domain/stream-position.ts';
import { LiveFeed } from './live-feed.ts';
import type { Sink } from './ports.ts';
import type { Selection } from './selections.ts';
import { heartbeatMs, StreamReader } from './stream-reader.ts';
import { Turns } from './turns.ts';

/** A request for a stream. */
export type StreamRequest = Readonly<{
  selection: Selection;
  /** Counted together, so that one caller cannot take all streams. */
  caller: string;
  /** The position to resume at; null: only what is new. */
  resumeAt: StreamPosition | null;
  /** Returns false once its key may no longer read the stream. */
  isAllowed(): boolean;
  /** Answers the request, so that messages can be sent. Called once the topics are followed. */
  connect(): Promise<Sink>;
}>;

export type LiveStreamsParts = Readonly<{
  bus: Pick<Bus, 'follow' | 'readRange' | 'ends'>;
  erasures: Pick<Erasures, 'covers' | 'ready'>;
  clock: Clock;
  logger: Logger;
  metrics: Metrics<typeof metricsCatalogue>['handles'];
  maxStreams: number;
}>;

type OpenStream = Readonly<{ reader: StreamReader; sink: Sink; isAllowed(): boolean }>;

const tickMs = 1_000;
// A reader that reconnects finds the feed open, and its messages in the ring.
const lingerMs = 10_000;
const ringLimits = { maxBytes: 16 * 1024 * 1024, maxAgeMs: 5 * 60_000 };
const pastTurns = { maxRunning: 2, maxWaiting: 200 };

/**
 * The open streams of this process. The topics are followed from the first stream on until 10 s after the last one has
 * closed; without streams there is neither a timer nor a connection.
 */
export class LiveStreams {
  readonly #parts: LiveStreamsParts;
  readonly #open = new Set<OpenStream>();
  /** Streams that are open or being opened, by caller. */
  readonly #callers = new Map<string, number>();
  readonly #turns = new Turns(pastTurns);
  #count = 0;
  #feed: Promise<LiveFeed> | undefined;
  #stopTicks = (): void => {};
  #cancelLinger = (): void => {};
  #isStopping = false;

  constructor(parts: LiveStreamsParts) {
    this.#parts = parts;
    parts.metrics.openStreams.collect((gauge) => gauge.set({}, this.#open.size));
  }

  /**
   * Opens a stream and returns once it is open; it ends with its connection. Rejects with AppError `rate-limited` if
   * there is no room, `closed` while the process stops, and `unavailable` while the topics cannot be followed.
   */
  async open(request: StreamRequest): Promise<void> {
    this.#admit(request.caller);
    try {
      const feed = await this.#openFeed();
      const { resumeAt } = request;
      const position =
        resumeAt === null ? null : await checkedPosition(resumeAt, { feed, bus: this.#parts.bus });
      this.#refuseIfStopping();
      const sink = await request.connect();
      sink.onClosed(() => this.#release(request.caller));
      void this.#serve(request, { feed, sink, position });
    } catch (error) {
      this.#release(request.caller);
      throw error;
    }
  }

  /** Ends all streams and refuses new ones. Resolves once their connections are closed. */
  async close(): Promise<void> {
    this.#isStopping = true;
    const closed = [...this.#open].map(
      ({ sink }) => new Promise<void>((resolve) => sink.onClosed(() => resolve())),
    );
    for (const { reader } of this.#open) reader.end('stopping');
    await Promise.all(closed);
    await this.#closeFeed();
  }

  async #serve(
    { selection, resumeAt, isAllowed }: StreamRequest,
    { feed, sink, position }: Readonly<{ feed: LiveFeed; sink: Sink; position: StreamPosition | null }>,
  ): Promise<void> {
    const { clock, logger, metrics, bus, erasures } = this.#parts;
    const reader = new StreamReader(
      {
        ...{ selection, sink, feed, nowMs: () => clock.nowMs() },
        onEnded: (reason) => metrics.streamsEnded.inc({ reason }),
      },
      position ?? feed.now(),
    );
    const stream = { reader, sink, isAllowed };
    this.#open.add(stream);
    sink.onClosed(() => {
      this.#open.delete(stream);
      feed.remove(selection, reader);
    });
    const resumed = position !== null;
    reader.announce('ready', { kind: 'ready', resumed, heartbeat_seconds: heartbeatMs / 1_000 });
    const onGap = () => metrics.streamGaps.inc({});
    try {
      if (position === null) {
        if (resumeAt !== null) announceGap(reader, onGap);
        reader.goLive();
      } else await catchUp(reader, { feed, bus, erasures, turns: this.#turns, onGap });
    } catch (error) {
      logger.warn({ detail: messageOf(error) }, 'stream.resume-failed');
      reader.end('unavailable');
    }
  }

  #refuseIfStopping(): void {
    if (!this.#isStopping) return;
    const message = 'This process is stopping: connect again.';
    throw new AppError({ code: 'closed', message, isPublic: true, retryAfterMs: 1_000 });
  }

  #admit(caller: string): void {
    this.#refuseIfStopping();
    const { maxStreams } = this.#parts;
    const own = this.#callers.get(caller) ?? 0;
    // A quarter for one caller.
    const isFull = this.#count >= maxStreams;
    if (isFull || own >= Math.max(1, Math.floor(maxStreams / 4))) {
      const message = isFull
        ? `There are ${this.#count} open streams, the maximum of this process: try again later.`
        : `There are ${own} open streams of this key or consumer, the maximum: close one first.`;
      throw new AppError({ code: 'rate-limited', message, retryAfterMs: 10_000 });
    }
    this.#count += 1;
    this.#callers.set(caller, own + 1);
    this.#cancelLinger();
  }

  #release(caller: string): void {
    this.#count -= 1;
    const own = (this.#callers.get(caller) ?? 1) - 1;
    if (own === 0) this.#callers.delete(caller);
    else this.#callers.set(caller, own);
    if (this.#count > 0 || this.#isStopping) return;
    this.#cancelLinger = this.#parts.clock.setTimer(() => void this.#closeFeed(), lingerMs);
  }

  async #openFeed(): Promise<LiveFeed> {
    const { bus, erasures, clock } = this.#parts;
    if (this.#feed !== undefined) return this.#feed;
    const opening = LiveFeed.open({ bus, erasures, clock, limits: ringLimits });
    this.#feed = opening;
    try {
      const feed = await opening;
      // It was closed meanwhile: the process stops.
      if (this.#feed !== opening) return feed;
      this.#stopTicks = runPeriodically({
        clock,
        firstMs: tickMs,
        everyMs: tickMs,
        run: () => this.#tick(feed),
      });
      return feed;
    } catch (error) {
      // The next stream tries again.
      this.#feed = undefined;
      throw error;
    }
  }

  async #closeFeed(): Promise<void> {
    const closing = this.#feed;
    this.#feed = undefined;
    this.#cancelLinger();
    this.#stopTicks();
    if (closing === undefined) return;
    try {
      await (await closing).close();
    } catch (error) {
      // It never opened: whoever asked for it was told.
      this.#parts.logger.debug({ detail: messageOf(error) }, 'stream.feed-not-open');
    }
  }

  #tick(feed: LiveFeed): void {
    const nowMs = this.#parts.clock.nowMs();
    feed.evict();
    for (const { reader, isAllowed } of this.#open) {
      if (isAllowed()) reader.tick(nowMs);
      else reader.end('revoked');
    }
  }
}
