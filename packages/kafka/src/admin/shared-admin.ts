import { AppError } from '@tidings/runtime';
import type { Admin } from 'kafkajs';
import { createKafka, type KafkaEndpoint } from '../client/client.ts';
import { detailOf } from '../client/errors.ts';
import { within } from '../within.ts';

const closeTimeoutMs = 2_000;

/** One admin connection for a bus: opened at first use, replaced after any failure, since kafkajs's may stay broken. */
export class SharedAdmin {
  readonly #endpoint: KafkaEndpoint;
  #admin: Promise<Admin> | undefined;

  constructor(endpoint: KafkaEndpoint) {
    this.#endpoint = endpoint;
  }

  /** Runs `work`. Rejects with AppError `unavailable`, with the kafkajs error as its cause. */
  async run<R>(work: (admin: Admin) => Promise<R>): Promise<R> {
    this.#admin ??= this.#open();
    const current = this.#admin;
    try {
      return await work(await current);
    } catch (error) {
      if (this.#admin === current) {
        this.#admin = undefined;
        void this.#dispose(current);
      }
      const message = `the brokers ${this.#endpoint.brokers.join(',')} did not respond as expected: ${detailOf(error)}`;
      throw error instanceof AppError ? error : new AppError({ code: 'unavailable', message, cause: error });
    }
  }

  async close(): Promise<void> {
    const current = this.#admin;
    this.#admin = undefined;
    if (current !== undefined) await this.#dispose(current);
  }

  async #open(): Promise<Admin> {
    const admin = createKafka(this.#endpoint).admin();
    await admin.connect();
    return admin;
  }

  async #dispose(opening: Promise<Admin>): Promise<void> {
    await within(
      closeTimeoutMs,
      opening.then((admin) => admin.disconnect()),
    );
  }
}
