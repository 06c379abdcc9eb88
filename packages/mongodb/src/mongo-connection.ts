import type { Logger } from '@tidings/observability';
import { backoffMs, type Clock, type HealthPart, messageOf, sleep } from '@tidings/runtime';
import mongoose from 'mongoose';
import { connectionProblem } from './connection-problem.ts';
import type { MongoTls } from './mongodb-settings.ts';

/** Connection options. `appName`: the client's name in the server's own logs. */
export type MongoOptions = Readonly<{
  uri: string;
  /** TLS, beside what the URI has of it. */
  tls?: MongoTls;
  database: string;
  appName: string;
  clock: Clock;
  logger: Logger;
  health: HealthPart;
}>;

// A request waits at most this long for a server before its 503.
const serverSelectionTimeoutMs = 2_500;
// Interval of probes of an unavailable server: nothing else probes, since operations fail before they reach the driver.
const heartbeatMs = 2_000;
// A full batch on a slow disk may take long without being stuck.
const socketTimeoutMs = 30_000;
const maxPoolSize = 20;
const reconnect = { baseMs: 250, maxMs: 4_000 };

/**
 * Connects to MongoDB: connecting → open ⇄ lost, until closed. The first connect is repeated until it succeeds; the
 * driver makes later ones. While the connection is not open, every operation of a model fails at once, by `atDatabase`
 * with AppError `unavailable`.
 */
export class MongoConnection {
  readonly connection: mongoose.Connection;
  readonly #options: MongoOptions;
  readonly #permit: (() => Promise<unknown>)[] = [];
  readonly #prepare: (() => Promise<unknown>)[] = [];
  readonly #listeners: (() => void)[] = [];
  readonly #closing = new AbortController();
  #opening: Promise<void> | undefined;

  constructor(options: MongoOptions) {
    this.#options = options;
    this.connection = mongoose.createConnection();
    const { health, logger } = options;
    this.connection.on('disconnected', () => {
      // The connect loop reports its own failures.
      if (this.#closing.signal.aborted || this.#opening !== undefined) return;
      health.down('MongoDB does not answer');
      logger.warn({}, 'mongodb.lost');
    });
    this.connection.on('connected', () => {
      // The first time, the connection is up only once its indexes exist.
      if (this.#opening !== undefined || this.#closing.signal.aborted) return;
      this.#becomeUp();
      logger.info({}, 'mongodb.found');
    });
    // Without a listener an emitted 'error' would end the process; the operation itself reports the failure.
    this.connection.on('error', (error: unknown) =>
      logger.debug({ detail: messageOf(error) }, 'mongodb.failed'),
    );
  }

  /** Adds a step that must succeed before the first connect: until then, no operation reaches the database. */
  beforeOpen(step: () => Promise<unknown>): void {
    this.#permit.push(step);
  }

  /** Adds a step that must run once before the connection counts as up, such as creating indexes. */
  beforeUp(step: () => Promise<unknown>): void {
    this.#prepare.push(step);
  }

  /** Calls `listener` each time the database becomes available, the first time included. */
  onUp(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Starts to connect, in the background. */
  open(): void {
    this.#opening ??= this.#connect();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.connection.close();
    await this.#opening;
  }

  async #connect(): Promise<void> {
    const { uri, tls, database, appName, clock, logger, health } = this.#options;
    for (let attempt = 1; !this.#closing.signal.aborted; attempt += 1) {
      try {
        for (const step of this.#permit) await step();
        await this.connection.openUri(uri, {
          ...tls?.options,
          dbName: database,
          appName,
          autoIndex: false,
          autoCreate: false,
          bufferCommands: false,
          serverSelectionTimeoutMS: serverSelectionTimeoutMs,
          heartbeatFrequencyMS: heartbeatMs,
          connectTimeoutMS: serverSelectionTimeoutMs,
          socketTimeoutMS: socketTimeoutMs,
          maxPoolSize,
          // A write that is later reported to Kafka or to a caller must survive a crash of the server.
          writeConcern: { w: 'majority', journal: true },
        });
        for (const step of this.#prepare) await step();
        this.#opening = undefined;
        this.#becomeUp();
        logger.info({ attempt }, 'mongodb.connected');
        return;
      } catch (error) {
        if (this.#closing.signal.aborted) return;
        const problem = connectionProblem(error);
        health.down(problem);
        if (attempt === 1) logger.warn({ detail: problem }, 'mongodb.not-connected');
        const delayMs = backoffMs({ attempt, ...reconnect, random: Math.random });
        await sleep(clock, delayMs, this.#closing.signal);
      }
    }
  }

  #becomeUp(): void {
    this.#options.health.up();
    for (const listener of this.#listeners) listener();
  }
}
