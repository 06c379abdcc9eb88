import { chatBody, type HealthEvent, type NoticeStyle, operationalEventIdOf } from '@tidings/contracts';

/** Destination of a workspace's notices. `json`: the event, as in a webhook. Other styles: a text message for a chat. */
export type NoticeTarget = Readonly<{ url: string; style: NoticeStyle }>;

function sentenceOf(event: HealthEvent): string {
  switch (event.type) {
    case 'tidings.subscription.failing': {
      const { failure_count: count, last_failure: last } = event.data;
      return `is failing: ${count} attempts in a row, the last one with ${last.reason}.`;
    }
    case 'tidings.subscription.disabled': {
      const { failure_count: count, reason, last_failure: last } = event.data;
      return `was disabled (${reason}) after ${count} failures in a row, the last one with ${last.reason}. What happens from now on waits in dead letters until it is enabled.`;
    }
    case 'tidings.subscription.recovered':
      return 'has recovered.';
    case 'tidings.delivery.exhausted': {
      const { delivery_id: delivery, event_type: type, attempts, last_failure: last } = event.data;
      return `could not be sent ${type} (${delivery}): given up after ${attempts} attempts, the last one with ${last.reason}.`;
    }
  }
}

/** Returns the body of a notice, as JSON. */
export function noticeBody(event: HealthEvent, { url, style }: NoticeTarget): Buffer {
  const { type, time, workspaceId, data } = event;
  if (style === 'json') {
    const id = operationalEventIdOf(event);
    return Buffer.from(JSON.stringify({ id, type, timestamp: time, workspace_id: workspaceId, data }));
  }
  const text = `Subscription ${data.subscription_id} to ${data.endpoint_host} ${sentenceOf(event)}`;
  return Buffer.from(chatBody({ url, style }, text));
}
