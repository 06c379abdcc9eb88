import type { Logger } from '@tidings/observability';
import { AppError } from '@tidings/runtime';
import type { Admin } from 'kafkajs';
import type { ClientSecurity } from '../security/client-security.ts';
import { createKafka } from './client.ts';
import { detailOf } from './errors.ts';

/** The brokers to ask, and how to connect to them. */
export type AdminEndpoint = Readonly<{
  brokers: readonly string[];
  security?: ClientSecurity;
  logger: Logger;
}>;

type Work<R> = Readonly<{
  clientId: string;
  /** Begins the message of an error: what the brokers did not do. */
  problem: string;
  run: (admin: Admin) => Promise<R>;
}>;

/**
 * Runs work with an admin connection of its own, which is closed afterwards. Rejects with AppError: that of the work, else
 * `unavailable`, with the kafkajs error as its cause.
 */
export async function withAdmin<R>(
  { brokers, security, logger }: AdminEndpoint,
  { clientId, problem, run }: Work<R>,
): Promise<R> {
  const endpoint = { brokers, clientId, logger, ...(security !== undefined && { security }) };
  const admin = createKafka(endpoint).admin();
  try {
    await admin.connect();
    return await run(admin);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError({ code: 'unavailable', message: `${problem}: ${detailOf(error)}`, cause: error });
  } finally {
    await admin.disconnect();
  }
}
