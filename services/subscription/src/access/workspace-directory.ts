import type { WorkspaceId } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import type { Documents } from '../registry/documents.ts';
import type { Actor } from '../registry/domain/audit-entry.ts';
import { createConsumer } from './create-consumer.ts';
import type { Consumer, ConsumerRef } from './domain/consumer.ts';
import { consumerKey } from './domain/consumer.ts';
import type { Workspace, WorkspaceRules } from './domain/workspace.ts';

/** Documents of workspaces and their consumers. */
export type Workspaces = Readonly<{ workspaces: Documents<Workspace>; consumers: Documents<Consumer> }>;

/** Returns the rules of a workspace, or null if it does not exist (yet). */
export const findRules = async (
  { workspaces }: Pick<Workspaces, 'workspaces'>,
  id: WorkspaceId,
): Promise<WorkspaceRules | null> => (await workspaces.store.findAnywhere(id))?.rules ?? null;

/** Returns the rules of a workspace. Throws AppError `unavailable` if it does not exist yet. */
async function rulesOf(parts: Workspaces, id: WorkspaceId): Promise<WorkspaceRules> {
  const rules = await findRules(parts, id);
  if (rules !== null) return rules;
  const message = 'The workspace is still being created: repeat the request in a moment.';
  throw new AppError({ code: 'unavailable', message, isPublic: true });
}

/** Returns a description of why a consumer cannot be named, or null if it can. */
export async function consumerFault(parts: Workspaces, ref: ConsumerRef): Promise<string | null> {
  const { eventTypePolicy } = await rulesOf(parts, ref.workspaceId);
  if (eventTypePolicy === 'open' || (await isThere(parts, ref))) return null;
  return `names a consumer '${ref.consumerId}' that this workspace does not have: register it first`;
}

/** Registers a consumer if it is missing: in an open workspace the first use creates it. */
export async function ensureConsumer(parts: Workspaces, ref: ConsumerRef, by: Actor): Promise<void> {
  if (await isThere(parts, ref)) return;
  await createConsumer(parts.consumers, { ref, details: { name: null, contact: null }, by });
}

async function isThere({ consumers }: Workspaces, ref: ConsumerRef): Promise<boolean> {
  const found = await consumers.store.findAnywhere(consumerKey(ref));
  return found !== null && found.state !== 'deleted';
}

/** Creates the directory of workspaces for the rest of the registry. Every method rejects like a document store. */
export const workspaceDirectory = (parts: Workspaces) => ({
  rulesOf: async (id: WorkspaceId) => rulesOf(parts, id),
  consumerFault: async (ref: ConsumerRef) => consumerFault(parts, ref),
  ensureConsumer: async (ref: ConsumerRef, by: Actor) => ensureConsumer(parts, ref, by),
});
