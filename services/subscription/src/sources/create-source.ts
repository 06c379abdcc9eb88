import type { SourceId } from '@tidings/contracts';
import { AppError, type KeyRing } from '@tidings/runtime';
import type { Actor } from '../registry/domain/audit-entry.ts';
import type { Scope } from '../registry/ports.ts';
import { refuseFaults } from '../registry/refuse-faults.ts';
import { type WriteParts, type Written, writeFirst } from '../registry/write-version.ts';
import type { WorkspaceDirectory } from '../subscriptions/ports.ts';
import { audienceFaults, audienceOf, optionFaults, providerOf } from './check-source.ts';
import { beginSource, type Source } from './domain/source.ts';
import { type SourceBody, sourceLimits } from './domain/source-body.ts';
import { sealSecret } from './source-secrets.ts';

/** Dependencies of writing sources. */
export type SourceParts = WriteParts<Source> & Readonly<{ ring: KeyRing; workspaces: WorkspaceDirectory }>;

/** A creation request. `id` is reserved by the caller: a repeat after a crash finds what the first run wrote. */
export type SourceCreation = Readonly<{ scope: Scope; body: SourceBody; id: SourceId; by: Actor }>;

/** Writes and publishes version 1 of a source. */
export async function createSource(
  parts: SourceParts,
  { scope, body, id, by }: SourceCreation,
): Promise<Written<Source>> {
  const { ring, workspaces, store, clock } = parts;
  const { workspaceId } = scope;
  const provider = providerOf(body.provider);
  const options = body.options ?? {};
  const audience = audienceOf(body, { audience: 'internal', consumerId: null });
  refuseFaults([
    ...optionFaults(provider, options),
    ...(await audienceFaults(workspaces, workspaceId, audience)),
    ...body.secrets.flatMap((secret, at) => {
      const detail = provider.secretFault(secret, options);
      return detail === null ? [] : [{ pointer: `/secrets/${at}`, detail }];
    }),
  ]);
  const known = await store.find(scope, id);
  if (known === null) await requireCapacity(parts, scope);
  const nowMs = clock.nowMs();
  const entity = beginSource({
    ...{ id, workspaceId, provider: provider.name, nowMs },
    settings: {
      ...{ name: body.name, ...audience, options, spool: body.spool ?? null },
      maxPayloadBytes: body.max_payload_bytes ?? null,
    },
    secrets: body.secrets.map((secret) => sealSecret(ring, { id, workspaceId }, { secret, nowMs })),
  });
  if (audience.consumerId !== null)
    await workspaces.ensureConsumer({ workspaceId, consumerId: audience.consumerId }, by);
  const written = await writeFirst(parts, { entity, by });
  return written ?? takeUp(parts, scope, id);
}

// An earlier run of the same request wrote the source and crashed before it responded.
async function takeUp({ store, outbox }: SourceParts, scope: Scope, id: SourceId): Promise<Written<Source>> {
  const entity = await store.find(scope, id);
  if (entity === null)
    throw new AppError({ code: 'conflict', message: 'The new id is taken: repeat the request.' });
  return { entity, propagated: entity.isUnpublished ? await outbox.announce(entity) : true };
}

async function requireCapacity({ store }: SourceParts, scope: Scope): Promise<void> {
  const { perWorkspace } = sourceLimits;
  const count = await store.count(scope, { in: { state: ['active', 'disabled'] } }, perWorkspace);
  if (count < perWorkspace) return;
  const message = `A workspace may have at most ${perWorkspace} sources and has that many: delete one first.`;
  throw new AppError({ code: 'unprocessable', message, details: [{ pointer: '', detail: message }] });
}
