import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { api, dataOf, type Schemas } from '../../api/client.ts';

/** An event type with the ETag of its version. */
export type ReadType = Readonly<{ type: Schemas['EventType']; etag: string | undefined }>;

/** Returns the name in the path. */
export const useName = (): string => (useParams({ strict: false }) as Readonly<{ name?: string }>).name ?? '';

/** Reads one event type. */
export async function readType(name: string, signal?: AbortSignal): Promise<ReadType> {
  const { data, response } = await api.GET('/v1/webhooks/event-types/{name}', {
    params: { path: { name } },
    signal: signal ?? null,
  });
  return { type: data as Schemas['EventType'], etag: response.headers.get('etag') ?? undefined };
}

/** Returns an event type, and again when somebody returns to the page. */
export const useEventType = (name: string) =>
  useQuery({ queryKey: ['event-type', name], queryFn: async ({ signal }) => readType(name, signal) });

/** Returns a schema of an event type by its version. Versions never change. */
export const useSchema = (name: string, version: number | null) =>
  useQuery({
    queryKey: ['event-type-schema', name, version],
    queryFn: async ({ signal }) => {
      const path = { name, version: String(version) };
      return dataOf(
        api.GET('/v1/webhooks/event-types/{name}/schemas/{version}', { params: { path }, signal }),
      );
    },
    enabled: version !== null,
    staleTime: Number.POSITIVE_INFINITY,
  });
