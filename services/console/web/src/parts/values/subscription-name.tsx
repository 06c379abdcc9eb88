import { useQuery } from '@tanstack/react-query';
import { api, dataOf } from '../../api/client.ts';
import { useMay } from '../../app/session-context.ts';
import { ForeignText } from '../foreign/foreign-text.tsx';

// URLs change rarely, and a list has many rows of a few subscriptions: one request for all of them.
const staleMs = 60_000;
const limit = 100;

/**
 * The endpoint of a subscription without its scheme; the id is in the tooltip. The id in its place where the key may not
 * read subscriptions, and for one that is deleted or is not among the newest {@link limit}.
 */
export function SubscriptionName({ id }: Readonly<{ id: string }>) {
  const mayRead = useMay('subscriptions:read');
  const known = useQuery({
    queryKey: ['subscription-names'],
    queryFn: async ({ signal }) => {
      const { data } = await dataOf(
        api.GET('/v1/webhooks/subscriptions', { params: { query: { limit } }, signal }),
      );
      return new Map(data.map((one) => [one.id, one.endpoint_url.replace(/^https?:\/\//, '')]));
    },
    staleTime: staleMs,
    enabled: mayRead,
    retry: false,
  });
  const url = known.data?.get(id);
  if (known.isLoading) return <span title={id}>…</span>;
  return <span title={id}>{url === undefined ? <code>{id}</code> : <ForeignText>{url}</ForeignText>}</span>;
}
