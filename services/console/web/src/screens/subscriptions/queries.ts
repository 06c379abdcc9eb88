import { useQuery } from '@tanstack/react-query';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { useMay } from '../../app/session-context.ts';

const breakersMs = 10_000;

/** Reads one subscription. Its health counts change by themselves. */
export const useSubscription = (id: string, refreshMs: number | false) =>
  useQuery({
    queryKey: ['subscription', id],
    queryFn: async ({ signal }) =>
      dataOf(api.GET('/v1/webhooks/subscriptions/{id}', { params: { path: { id } }, signal })),
    refetchInterval: refreshMs,
  });

/** Reads the circuit breakers that are not closed, by subscription; none if the key may not, or they are not known. */
export function useBreakers(subscriptionId?: string): ReadonlyMap<string, Breaker> {
  const query = subscriptionId === undefined ? {} : { subscription_id: subscriptionId };
  const { data } = useQuery({
    queryKey: ['breakers', query],
    queryFn: async ({ signal }) => dataOf(api.GET('/v1/webhooks/breakers', { params: { query }, signal })),
    enabled: useMay('deliveries:read'),
    refetchInterval: breakersMs,
    retry: false,
  });
  return new Map(data?.data.map((breaker) => [breaker.subscription_id, breaker]));
}

/** A circuit breaker that is not closed. */
export type Breaker = Schemas['CircuitBreakers']['data'][number];
