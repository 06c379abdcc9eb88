import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { ApiProblem, problemOf } from '../../../api/api-problem.ts';
import { api, dataOf, type Schemas } from '../../../api/client.ts';
import { texts } from '../texts.ts';

type Subscription = Schemas['Subscription'];

/** The headers of an action: it takes effect once, and only on the version that somebody saw. */
export type ActionHeaders = Readonly<{ 'Idempotency-Key': string; 'If-Match': string }>;

const headersFor = ({ version }: Pick<Subscription, 'version'>): ActionHeaders => ({
  'Idempotency-Key': crypto.randomUUID(),
  'If-Match': `"${version}"`,
});

/**
 * Asks before an action on a subscription, and runs it on the version that was shown. If somebody else has changed that
 * meanwhile, the action is refused, what is stored now is shown, and confirming again is about that.
 */
export function useAction(subscription: Subscription) {
  const { id } = subscription;
  const queries = useQueryClient();
  const [headers, setHeaders] = useState<ActionHeaders | null>(null);
  /** `isLast`: there is nothing to show after it. */
  const run = async <T>(send: (headers: ActionHeaders) => Promise<T>, isLast = false): Promise<T> => {
    try {
      const done = await send(headers ?? headersFor(subscription));
      void queries.invalidateQueries({ queryKey: ['subscriptions'] });
      // The next action is about the version that this one has made.
      if (!isLast) await queries.invalidateQueries({ queryKey: ['subscription', id] });
      return done;
    } catch (error) {
      if (problemOf(error)?.status !== 412) throw error;
      const params = { path: { id } };
      const newest = await dataOf(api.GET('/v1/webhooks/subscriptions/{id}', { params }));
      queries.setQueryData(['subscription', id], newest);
      setHeaders(headersFor(newest));
      throw new ApiProblem(412, { detail: texts.actions.newer });
    }
  };
  return {
    isAsking: headers !== null,
    ask: () => setHeaders(headersFor(subscription)),
    close: () => setHeaders(null),
    run,
  };
}
