import type { Schemas } from '../../../api/client.ts';

/** The subscription to the inbox that `npm start` runs. */
export type DemoInbox = Readonly<{
  subscriptionId: string;
  /** The inbox's page. */
  pageUrl: string;
  workingUrl: string;
  /** An address of the same inbox that answers 503. */
  brokenUrl: string;
  isBroken: boolean;
  eventType: string;
}>;

type Subscription = Pick<Schemas['Subscription'], 'id' | 'endpoint_url' | 'events' | 'is_active'>;

// Only on the machine itself: nobody's real endpoint is broken on purpose.
const inboxUrl = /^(http:\/\/127\.0\.0\.1:\d{1,5})\/webhooks(\/broken)?$/;

/** Returns the demo inbox among subscriptions; null where `npm start` has not made one. */
export function findDemoInbox(subscriptions: readonly Subscription[]): DemoInbox | null {
  for (const { id, endpoint_url, events, is_active } of subscriptions) {
    const [, origin, broken] = inboxUrl.exec(endpoint_url) ?? [];
    if (origin === undefined || !is_active || events.length !== 1 || events[0] !== 'demo.*') continue;
    const workingUrl = `${origin}/webhooks`;
    return {
      subscriptionId: id,
      pageUrl: `${origin}/`,
      workingUrl,
      brokenUrl: `${workingUrl}/broken`,
      isBroken: broken !== undefined,
      eventType: 'demo.hello',
    };
  }
  return null;
}
