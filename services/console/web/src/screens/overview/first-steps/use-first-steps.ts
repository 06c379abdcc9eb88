import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { problemOf } from '../../../api/api-problem.ts';
import { api, dataOf } from '../../../api/client.ts';
import { useMay } from '../../../app/session-context.ts';
import { texts as shared } from '../../../texts/index.ts';
import { type DemoInbox, findDemoInbox } from './demo-inbox.ts';
import { useProgress } from './progress.ts';
import { type Seen, type StepName, stepsOf } from './steps.ts';

const pollMs = 700;
const inboxKey = ['demo-inbox'];

/** Returns the demo inbox, if there is one and the key may do what the steps do. */
export function useDemoInbox(): DemoInbox | null {
  const scopes = ['events:write', 'subscriptions:write', 'deliveries:write'].map(useMay);
  const mayAll = scopes.every(Boolean);
  const found = useQuery({
    queryKey: inboxKey,
    queryFn: async ({ signal }) => {
      const query = { limit: 100 };
      return dataOf(api.GET('/v1/webhooks/subscriptions', { params: { query }, signal }));
    },
    enabled: mayAll,
    retry: false,
  });
  return mayAll && found.data !== undefined ? findDemoInbox(found.data.data) : null;
}

/** Returns the steps, what they know, and what their buttons do. */
export function useFirstSteps(inbox: DemoInbox) {
  const { progress, add, restart } = useProgress(inbox.subscriptionId);
  const { firstEvent, secondEvent } = progress;
  const first = useDelivery(inbox, firstEvent, false);
  const second = useDelivery(inbox, secondEvent, true);
  const queries = useQueryClient();
  const [error, setError] = useState<string | null>(null);
  const [isWorking, setWorking] = useState(false);
  // One key for each step until it has succeeded: a repeat after an error does it once.
  const keys = useRef<Partial<Record<StepName, string>>>({});
  const pointAt = async (url: string) => {
    const path = { id: inbox.subscriptionId };
    await dataOf(
      api.PATCH('/v1/webhooks/subscriptions/{id}', { params: { path }, body: { endpoint_url: url } }),
    );
    await queries.invalidateQueries({ queryKey: inboxKey });
  };
  const actions: Readonly<Partial<Record<StepName, (key: string) => Promise<void>>>> = {
    publish: async (key) => add({ firstEvent: await publish(inbox.eventType, key) }),
    break: async (key) => {
      await pointAt(inbox.brokenUrl);
      add({ secondEvent: await publish(inbox.eventType, key) });
    },
    fix: async () => pointAt(inbox.workingUrl),
    replay: async (key) => replay(inbox, secondEvent ?? '', key),
  };
  const act = async (name: StepName) => {
    setWorking(true);
    setError(null);
    try {
      keys.current[name] ??= crypto.randomUUID();
      await actions[name]?.(keys.current[name]);
      delete keys.current[name];
    } catch (failed) {
      const problem = problemOf(failed);
      const isUnconfirmed = problem?.status === 503 && name !== 'replay';
      setError(isUnconfirmed ? shared.error.unconfirmed : (problem?.message ?? String(failed)));
    } finally {
      setWorking(false);
    }
  };
  const steps = stepsOf({
    isPublished: firstEvent !== undefined,
    first,
    isBroken: inbox.isBroken,
    isSecondPublished: secondEvent !== undefined,
    second,
  });
  return { steps, first, second, act, isWorking, error, restart, progress, add };
}

/** Follows the delivery of an event to the inbox until it has arrived. */
function useDelivery(
  { subscriptionId }: DemoInbox,
  eventId: string | undefined,
  isRetried: boolean,
): Seen | null {
  const delivery = useQuery({
    queryKey: ['first-steps', eventId, subscriptionId],
    queryFn: async ({ signal }) => {
      const query = { event_id: eventId ?? '', subscription_id: subscriptionId, limit: 1 };
      const page = await dataOf(api.GET('/v1/webhooks/deliveries', { params: { query }, signal }));
      return page.data[0] ?? null;
    },
    enabled: eventId !== undefined,
    refetchInterval: ({ state: { data } }) => (data?.status === 'delivered' && !isRetried ? false : pollMs),
  });
  return delivery.data ?? null;
}

/** Publishes an event, and returns its id. */
async function publish(type: string, key: string): Promise<string> {
  const header = { 'Idempotency-Key': key };
  const body = { type, data: { greeting: 'Hello from Tidings', from: 'First steps' } };
  const accepted = await dataOf(api.POST('/v1/events', { params: { header }, body }));
  return String((accepted as Readonly<{ id: string }>).id);
}

/** Sends the events of the log to the inbox again, from this one on, with the ids that they had. */
async function replay({ subscriptionId, eventType }: DemoInbox, id: string, key: string): Promise<void> {
  // The time in the log: the response to its publishing has a slightly later one.
  const { accepted_at } = await dataOf(api.GET('/v1/webhooks/events/{id}', { params: { path: { id } } }));
  const header = { 'Idempotency-Key': key };
  const body = { from: accepted_at, types: [eventType], target: { subscription_id: subscriptionId } };
  await dataOf(api.POST('/v1/webhooks/replays', { params: { header }, body }));
}
