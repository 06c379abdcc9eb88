import type { Logger } from '@tidings/observability';
import { AppError, backoffMs, type Clock, messageOf } from '@tidings/runtime';
import mongoose from 'mongoose';

/** Where the read model lies. `onState` is told when it is lost (with the reason) and when it is back (null). */
export type MongoOptions = Readonly<{
  uri: string;
  database: string;
  clock: Clock;
  logger: Logger;
  /** Done once, after the first connect: making indexes. */
  prepare: () => Promise<void>;
  onState: (reason: string | null) => void;
}>;

// A request waits this long for a server at most, then gets its 503.
const serverSelectionTimeoutMs = 2_500;
// How often a server that is away is looked for when nobody asks; the driver's own 10 s would be felt after each restart.
const heartbeatMs = 2_000;
// A full batch on a slow disk is slow, not dead.
const socketTimeoutMs = 30_000;
const reconnect = { baseMs: 250, maxMs: 4_000, random: Math.random };

/**
 * The connection to MongoDB. The first connect is repeated until it succeeds, later ones are the driver's. While there is
 * none every operation fails at once.
 */
export class MongoConnection {
  readonly connection = mongoose.createConnection();
  readonly #options: MongoOptions;
  #isPrepared = false;
  #isClosed = false;
  #wake = (): void => {};
  #opening: Promise<void> | undefined;

  constructor(options: MongoOptions) {
    this.#options = options;
    const { onState, logger } = options;
    this.connection.on('disconnected', () => {
      if (!this.#isClosed) onState('MongoDB does not answer');
    });
    this.connection.on('connected', () => {
      // The first time it counts only when its indexes are there.
      if (this.#isPrepared && !this.#isClosed) onState(null);
    });
    // Without a listener an emitted 'error' would end the process; the operation that failed tells of it.
    this.connection.on('error', (error: unknown) =>
      logger.warn({ detail: messageOf(error) }, 'mongodb.error'),
    );
  }

  /** Begins to connect, in the background. */
  open(): void {
    this.#opening ??= this.#connect();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#wake();
    await this.connection.close();
    await this.#opening;
  }

  async #connect(): Promise<void> {
    const { uri, database, clock, logger, prepare, onState } = this.#options;
    for (let attempt = 1; !this.#isClosed; attempt += 1) {
      try {
        await this.connection.openUri(uri, {
          dbName: database,
          appName: 'tidings-history',
          autoIndex: false,
          autoCreate: false,
          bufferCommands: false,
          serverSelectionTimeoutMS: serverSelectionTimeoutMs,
          heartbeatFrequencyMS: heartbeatMs,
          connectTimeoutMS: serverSelectionTimeoutMs,
          socketTimeoutMS: socketTimeoutMs,
          maxPoolSize: 10,
          // An offset is committed after the write: it has to outlive a crash of the server.
          writeConcern: { w: 'majority', journal: true },
        });
        await prepare();
        this.#isPrepared = true;
        onState(null);
        logger.info({ attempt }, 'mongodb.connected');
        return;
      } catch (error) {
        if (this.#isClosed) return;
        onState(messageOf(error));
        if (attempt === 1) logger.warn({ detail: messageOf(error) }, 'mongodb.unreachable');
        await new Promise<void>((resolve) => {
          const cancel = clock.setTimer(resolve, backoffMs({ attempt, ...reconnect }));
          this.#wake = () => {
            cancel();
            resolve();
          };
        });
      }
    }
  }
}

/** What the driver throws, as AppError `unavailable`: the caller tries again, or answers 503. */
export const asUnavailable = (cause: unknown): AppError =>
  cause instanceof AppError
    ? cause
    : new AppError({ code: 'unavailable', message: `MongoDB: ${messageOf(cause)}`, cause });
