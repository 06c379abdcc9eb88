import type { WorkspaceId } from '@tidings/contracts';
import { providers } from '@tidings/inbound';
import { AppError } from '@tidings/runtime';
import type { SourceDirectory } from '../ports.ts';
import { type ActiveSource, refusal } from './refuse-webhook.ts';

/** Dependencies of finding a source. `stateOf` returns the state of a workspace; undefined for one that is not known. */
export type FindSource = Readonly<{
  sources: SourceDirectory;
  stateOf(workspaceId: WorkspaceId): string | undefined;
}>;

/**
 * Returns an active source and its provider. Throws AppError `not-found` for any other id, and `unavailable` while the
 * sources are not loaded.
 */
export function findActiveSource({ sources, stateOf }: FindSource, id: string): ActiveSource {
  const source = sources.find(id);
  if (!sources.isLoaded() || (source === undefined && !sources.isComplete())) {
    const message = 'This process has just started and does not know its sources yet: nothing was written.';
    throw new AppError({ code: 'unavailable', message, isPublic: true, retryAfterMs: 1_000 });
  }
  const provider = source === undefined ? undefined : providers.get(source.provider);
  const isOpen =
    source?.state === 'active' && provider !== undefined && stateOf(source.workspaceId) === 'active';
  if (!isOpen) throw new AppError({ code: 'not-found', message: refusal });
  return { source, provider };
}
