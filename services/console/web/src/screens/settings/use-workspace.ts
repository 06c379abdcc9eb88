import { useQuery } from '@tanstack/react-query';
import { api, dataOf } from '../../api/client.ts';

/** Reads a workspace. */
export const useWorkspace = (id: string) =>
  useQuery({
    queryKey: ['workspace', id],
    queryFn: async ({ signal }) =>
      dataOf(api.GET('/v1/webhooks/workspaces/{id}', { params: { path: { id } }, signal })),
  });
