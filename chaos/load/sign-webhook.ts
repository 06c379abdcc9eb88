import { createHmac } from 'node:crypto';

/** The parts that a signature covers: the headers `webhook-id` and `webhook-timestamp` (seconds since 1970), and the body. */
export type Signed = Readonly<{ id: string; timestamp: string; body: string }>;

/** Returns the `webhook-signature` of Standard Webhooks 1.0.0 with a secret `whsec_…`. */
export const signWebhook = (secret: string, { id, timestamp, body }: Signed): string => {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
};
