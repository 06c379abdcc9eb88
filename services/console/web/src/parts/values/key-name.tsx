import { useQuery } from '@tanstack/react-query';
import { api, dataOf } from '../../api/client.ts';
import { useMay } from '../../app/session-context.ts';
import { ForeignText } from '../foreign/foreign-text.tsx';

// A name is for people and changes rarely: one request for each key while the page is open.
const staleMs = 600_000;

/** The name of a key of the workspace; its id until it is known, if it has none, or if it is another workspace's. */
export function KeyName({ id }: Readonly<{ id: string }>) {
  const mayRead = useMay('admin');
  const key = useQuery({
    queryKey: ['api-key', id],
    queryFn: async ({ signal }) =>
      dataOf(api.GET('/v1/webhooks/api-keys/{id}', { params: { path: { id } }, signal })),
    staleTime: staleMs,
    enabled: mayRead,
    retry: false,
  });
  return (
    <span title={id}>
      <ForeignText>{key.data?.name ?? id}</ForeignText>
    </span>
  );
}
