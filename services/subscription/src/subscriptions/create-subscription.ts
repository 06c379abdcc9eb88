import { type ConsumerId, consumerId, type SubscriptionId } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import type { Actor } from '../registry/domain/audit-entry.ts';
import type { Reach } from '../registry/ports.ts';
import { type WriteParts, type Written, writeFirst } from '../registry/write-version.ts';
import { checkSettings, type SettingsChecks } from './check-settings.ts';
import type { Fault } from './domain/fault.ts';
import { defaultSettings, readSettings } from './domain/read-settings.ts';
import type { CreateBody } from './domain/request-body.ts';
import { begin, notDeleted, type Subscription } from './domain/subscription.ts';
import type { SecretMint } from './mint-secret.ts';

/** What creation needs besides the parts of every write. */
export type CreateParts = WriteParts<Subscription> &
  Readonly<{ checks: SettingsChecks; mint: SecretMint; maxPerWorkspace: number }>;

/** `id` is reserved by the caller, so that a repeat after a crash finds what the first run wrote. */
export type Creation = Readonly<{ reach: Reach; body: CreateBody; id: SubscriptionId; by: Actor }>;

/** The new subscription and its secret, which nobody can read again. */
export type Created = Written<Subscription> & Readonly<{ shownSecret: string | null }>;

/** Writes version 1 of a subscription and publishes it. */
export async function createSubscription(parts: CreateParts, creation: Creation): Promise<Created> {
  const { clock, mint } = parts;
  const { reach, body, id, by } = creation;
  await checkSettings(parts.checks, body, consumerFaults(reach, body));
  await requireRoom(parts, creation);
  const nowMs = clock.nowMs();
  const settings = readSettings(body, {
    ...defaultSettings,
    endpointUrl: body.endpoint_url,
    events: body.events,
  });
  const owner = { workspaceId: reach.workspaceId, subscriptionId: id };
  const secret = mint.mint({ ...owner, style: settings.signatureStyle, own: body.secret, nowMs });
  const subscription = begin({
    id,
    workspaceId: reach.workspaceId,
    consumerId: consumerOf(reach, body),
    settings,
    secret: secret.stored,
    isActive: body.is_active ?? true,
    nowMs,
  });
  const written = await writeFirst(parts, { entity: subscription, by });
  return written === null ? takeUp(parts, creation) : { ...written, shownSecret: secret.shown };
}

// The id was reserved by an earlier run of the same request, which wrote the subscription and died before it answered.
async function takeUp({ store, outbox, mint }: CreateParts, { reach, id }: Creation): Promise<Created> {
  const subscription = await store.find(reach, id);
  if (subscription === null) {
    throw new AppError({ code: 'conflict', message: 'The new id is taken: repeat the request.' });
  }
  const propagated = subscription.isUnpublished ? await outbox.announce(subscription) : true;
  return { entity: subscription, propagated, shownSecret: firstSecret(mint, subscription) };
}

/** The secret that version 1 was given, as long as it is still version 1: a newer one is not this request's to show. */
function firstSecret(mint: SecretMint, subscription: Subscription): string | null {
  const [secret] = subscription.secrets;
  if (secret === undefined || secret.publicKey !== null || subscription.version > 1) return null;
  return mint.open(secret.sealed, { workspaceId: subscription.workspaceId, subscriptionId: subscription.id });
}

function consumerOf(reach: Reach, body: CreateBody): ConsumerId | null {
  if (reach.consumerId !== null) return reach.consumerId;
  return body.consumer_id == null ? null : consumerId(body.consumer_id);
}

function consumerFaults({ consumerId: own }: Reach, { consumer_id: asked }: CreateBody): readonly Fault[] {
  if (own === null || asked == null || asked === own) return [];
  return [{ pointer: '/consumer_id', detail: 'must be the consumer of the key, or left out' }];
}

async function requireRoom({ store, maxPerWorkspace }: CreateParts, { reach, id }: Creation): Promise<void> {
  const workspace = { ...reach, consumerId: null };
  const count = await store.count(workspace, { in: { state: notDeleted } }, maxPerWorkspace);
  if (count < maxPerWorkspace) return;
  // One that an earlier run of this request wrote has its room already.
  if ((await store.find(reach, id)) !== null) return;
  const message = `A workspace may have at most ${maxPerWorkspace} subscriptions and has that many: delete one first.`;
  throw new AppError({ code: 'unprocessable', message, details: [{ pointer: '', detail: message }] });
}
