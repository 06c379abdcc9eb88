import { AppError } from '@tidings/runtime';
import type { Admin } from 'kafkajs';
import { createKafka } from '../client/client.ts';
import { detailOf } from '../client/errors.ts';
import type { AdminEndpoint } from './admin-endpoint.ts';

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
