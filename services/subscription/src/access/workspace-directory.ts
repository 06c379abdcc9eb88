import type { WorkspaceId } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import type { Documents } from '../registry/documents.ts';
import type { Actor } from '../registry/domain/audit-entry.ts';
import { createConsumer } from './create-consumer.ts';
import type { Consumer, ConsumerRef } from './domain/consumer.ts';
import { consumerKey } from './domain/consumer.ts';
import type { Workspace, WorkspaceRules } from './domain/workspace.ts';

/** What the rest of the registry asks about workspaces and their consumers. */
export type Workspaces = Readonly<{ workspaces: Documents<Workspace>; consumers: Documents<Consumer> }>;

/** The rules of a workspace; null for one that is not there (yet). */
export const findRules = async (
  { workspaces }: Pick<Workspaces, 'workspaces'>,
  id: WorkspaceId,
): Promise<WorkspaceRules | null> => (await workspaces.store.findAnywhere(id))?.rules ?? null;

/** The rules of a workspace. Throws AppError `unavailable` for one that is not there yet. */
export async function rulesOf(parts: Workspaces, id: WorkspaceId): Promise<WorkspaceRules> {
  const rules = await findRules(parts, id);
  if (rules !== null) return rules;
  const message = 'The workspace is not set up yet: repeat the request in a moment.';
  throw new AppError({ code: 'unavailable', message, isPublic: true });
}

/** What is wrong with naming a consumer, for people; null when nothing is. */
export async function consumerFault(parts: Workspaces, place: ConsumerRef): Promise<string | null> {
  const { eventTypePolicy } = await rulesOf(parts, place.workspaceId);
  if (eventTypePolicy === 'open' || (await isThere(parts, place))) return null;
  return `names a consumer '${place.consumerId}' that this workspace does not have: register it first`;
}

/** Registers a consumer that is not there: in an open workspace one comes into being by its first use. */
export async function ensureConsumer(parts: Workspaces, place: ConsumerRef, by: Actor): Promise<void> {
  if (await isThere(parts, place)) return;
  await createConsumer(parts.consumers, { place, details: { name: null, contact: null }, by });
}

async function isThere({ consumers }: Workspaces, place: ConsumerRef): Promise<boolean> {
  const found = await consumers.store.findAnywhere(consumerKey(place));
  return found !== null && found.state !== 'deleted';
}
