import type { WorkspaceId } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import type { Documents } from '../../registry/documents.ts';
import { systemActor } from '../../registry/domain/audit-entry.ts';
import { pagesOf } from '../../registry/maintenance/sweep-unpublished.ts';
import { writeVersion } from '../../registry/write-version.ts';
import { removedTokenKey, type TokenKey } from '../domain/token-key.ts';
import { olderEndAtMs, pairsOf, type TokenKeyPairs } from '../domain/token-key-times.ts';
import type { Workspace } from '../domain/workspace.ts';
import { createTokenKey, type TokenKeyParts, tokenKeysOf } from './token-key-pairs.ts';

/** Dependencies of replacing key pairs. */
export type ReplaceParts = TokenKeyParts & Readonly<{ workspaces: Documents<Workspace> }>;

/** The workspaces whose pairs are replaced: one, or all that have a pair. */
export type TokenKeysOf = Readonly<{ workspace: WorkspaceId }> | 'all';

/** Step of a replacement. `remove-old-now` does not wait until the tokens of the older pairs have ended. */
export type TokenKeysStep = 'add' | 'remove-old' | 'remove-old-now';

/**
 * Result of a step for one workspace. added: `newest` is there beside `older`. kept: there was nothing to do. waiting:
 * nothing is removed before `olderEndAtMs`, in `waitMs`. removed: `older` no longer verify. `isPropagated`: false if the log has
 * not acknowledged it; repeating the step does what is left.
 */
export type TokenKeysReplaced = Readonly<{
  workspaceId: WorkspaceId;
  how: 'added' | 'kept' | 'waiting' | 'removed';
  newest: string;
  older: readonly string[];
  olderEndAtMs: number | null;
  waitMs: number;
  isPropagated: boolean;
}>;

/** Options of a step. A dry run returns what it would do. */
export type ReplaceOptions = Readonly<{ of: TokenKeysOf; step: TokenKeysStep; isDryRun: boolean }>;

/**
 * Does one step of the replacement of key pairs, a workspace at a time. A workspace has one pair more at most: adding again
 * changes nothing until the older ones are removed, so that each step can be repeated after a crash. Throws AppError
 * `not-found` for a workspace that does not exist or has no pair.
 */
export async function replaceTokenKeys(
  parts: ReplaceParts,
  { of, step, isDryRun }: ReplaceOptions,
): Promise<readonly TokenKeysReplaced[]> {
  const { clock } = parts.tokenKeys;
  const replaced: TokenKeysReplaced[] = [];
  for (const workspaceId of of === 'all' ? await workspacesWithPairs(parts) : [of.workspace]) {
    const keys = await tokenKeysOf(parts, workspaceId);
    const pairs = pairsOf(keys);
    if (pairs === null) throw await withoutPair(parts, workspaceId);
    const isPropagated = isDryRun || (await announceAll(parts, keys));
    // Not before every service can learn of the newest: without the older ones, nothing else signs.
    const done = isPropagated ? await take(keys, pairs) : { ...resultOf('kept', pairs), isPropagated };
    replaced.push({ workspaceId, ...done });
  }
  return replaced;

  function resultOf(how: TokenKeysReplaced['how'], pairs: TokenKeyPairs): Done {
    const endAtMs = pairs.older.length > 0 ? olderEndAtMs(pairs) : null;
    return {
      how,
      newest: pairs.newest.id,
      older: pairs.older.map(({ id }) => id),
      olderEndAtMs: endAtMs,
      waitMs: Math.max(0, (endAtMs ?? 0) - clock.nowMs()),
      isPropagated: true,
    };
  }

  async function take(keys: readonly TokenKey[], pairs: TokenKeyPairs): Promise<Done> {
    return step === 'add' ? add(keys, pairs) : remove(pairs);
  }

  async function add(keys: readonly TokenKey[], pairs: TokenKeyPairs): Promise<Done> {
    if (pairs.older.length > 0) return resultOf('kept', pairs);
    const { newest } = pairs;
    if (isDryRun) return resultOf('added', pairs);
    const written = await createTokenKey(parts, newest.workspaceId, keys);
    if (written !== null) {
      const next = { newest: written.entity, older: [newest] };
      return { ...resultOf('added', next), isPropagated: written.propagated };
    }
    // The same command has added it elsewhere.
    return resultOf('kept', pairsOf(await tokenKeysOf(parts, newest.workspaceId)) ?? pairs);
  }

  async function remove(pairs: TokenKeyPairs): Promise<Done> {
    if (pairs.older.length === 0) return resultOf('kept', pairs);
    if (step === 'remove-old' && clock.nowMs() < olderEndAtMs(pairs)) return resultOf('waiting', pairs);
    let isPropagated = true;
    // The oldest first: what is left after a crash is a shorter list of the same kind.
    for (const key of isDryRun ? [] : pairs.older.toReversed()) {
      isPropagated = (await removeOne(parts, key)) && isPropagated;
    }
    return { ...resultOf('removed', pairs), isPropagated };
  }
}

type Done = Omit<TokenKeysReplaced, 'workspaceId'>;

async function removeOne({ tokenKeys }: TokenKeyParts, { id, workspaceId }: TokenKey): Promise<boolean> {
  const target = { scope: { workspaceId, consumerId: null }, id, ifMatch: null, by: systemActor };
  try {
    const change = (current: TokenKey): TokenKey => removedTokenKey(current, tokenKeys.clock.nowMs());
    return (await writeVersion(tokenKeys, target, { operation: 'deleted', change })).propagated;
  } catch (error) {
    // The same command has removed it elsewhere.
    if (error instanceof AppError && error.code === 'not-found') return true;
    throw error;
  }
}

/** Publishes what an interrupted step has written only. */
async function announceAll({ tokenKeys }: TokenKeyParts, keys: readonly TokenKey[]): Promise<boolean> {
  const unpublished = keys.filter(({ isUnpublished }) => isUnpublished);
  const done = await Promise.all(unpublished.map(async (key) => tokenKeys.outbox.announce(key)));
  return !done.includes(false);
}

async function workspacesWithPairs({ tokenKeys }: TokenKeyParts): Promise<readonly WorkspaceId[]> {
  const found = new Set<WorkspaceId>();
  const where = { in: { state: ['active'] } };
  for await (const page of pagesOf(async (request) => tokenKeys.store.listAll({ ...request, where }))) {
    for (const { workspaceId } of page) found.add(workspaceId);
  }
  return [...found];
}

async function withoutPair({ workspaces }: ReplaceParts, id: WorkspaceId): Promise<AppError> {
  const isThere = (await workspaces.store.findAnywhere(id)) !== null;
  const message = isThere
    ? `The workspace '${id}' has no key pair to replace: it gets one with its first consumer token or portal link.`
    : `There is no workspace '${id}': GET /v1/webhooks/workspaces lists them.`;
  return new AppError({ code: 'not-found', message });
}
