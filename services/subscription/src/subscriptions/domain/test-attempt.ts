import {
  type AttemptOutcome,
  type AttemptRecorded,
  type BodyFormat,
  deriveDeliveryId,
  type EventId,
  type FailureReason,
} from '@tidings/contracts';
import type { Subscription } from './subscription.ts';

/** The event that a test sends. The name is reserved: no publisher can raise it. */
export const testEventType = 'webhook.test';

/** What came of a request. `detail` is for operators only. */
export type SendOutcome =
  | Readonly<{ kind: 'response'; status: number; body: Buffer; durationMs: number }>
  | Readonly<{ kind: 'failed'; reason: FailureReason; detail: string; durationMs: number }>;

/** A test that is about to be sent. */
export type PreparedTest = Readonly<{ subscription: Subscription; eventId: EventId; atMs: number }>;

const messageFor = ({ id }: Subscription): object => ({
  message: 'This is a test. It was sent because somebody asked for it.',
  subscription_id: id,
});

/** The request body, in the same shape as fan-out gives to an event in this format. */
export function renderTest({ subscription, eventId, atMs }: PreparedTest): Buffer {
  const time = new Date(atMs).toISOString();
  const data = messageFor(subscription);
  const { workspaceId } = subscription;
  const bodies: Readonly<Record<BodyFormat, object>> = {
    standard: { id: eventId, type: testEventType, timestamp: time, workspace_id: workspaceId, data },
    plain: {
      id: eventId,
      type: testEventType,
      timestamp: time,
      created_at: time,
      workspace_id: workspaceId,
      data,
    },
    cloudevents: {
      specversion: '1.0',
      id: eventId,
      source: '/tidings/test',
      type: testEventType,
      time,
      datacontenttype: 'application/json',
      workspaceid: workspaceId,
      data,
    },
  };
  return Buffer.from(JSON.stringify(bodies[subscription.settings.format]));
}

const excerptBytes = 1_024;

function reasonOf(status: number): FailureReason {
  if (status === 410) return 'gone';
  if (status === 429) return 'rate-limited';
  return status >= 300 && status < 400 ? 'redirect' : 'http-status';
}

function outcomeOf(sent: SendOutcome): Extract<AttemptOutcome, { kind: 'delivered' | 'failed' }> {
  if (sent.kind === 'failed') {
    return { kind: 'failed', reason: sent.reason, statusCode: null, responseExcerpt: null };
  }
  const { status, body } = sent;
  const responseExcerpt = body.length === 0 ? null : body.toString('utf8', 0, excerptBytes);
  return status >= 200 && status < 300
    ? { kind: 'delivered', statusCode: status, responseExcerpt }
    : { kind: 'failed', reason: reasonOf(status), statusCode: status, responseExcerpt };
}

/** The fact of a test: one attempt, whatever came of it, with nothing to follow. */
export const testFact = (
  { subscription, eventId, atMs }: PreparedTest,
  sent: SendOutcome,
): AttemptRecorded & Readonly<{ outcome: Extract<AttemptOutcome, { kind: 'delivered' | 'failed' }> }> => ({
  type: 'AttemptRecorded.v1',
  deliveryId: deriveDeliveryId(eventId, subscription.id),
  eventId,
  eventType: testEventType,
  workspaceId: subscription.workspaceId,
  consumerId: subscription.consumerId,
  subscriptionId: subscription.id,
  subscriptionVersion: subscription.version,
  chain: 0,
  attempt: 1,
  trigger: 'test',
  atMs,
  durationMs: Math.round(sent.durationMs),
  acceptedAtMs: atMs,
  outcome: outcomeOf(sent),
  next: { kind: 'none' },
});
