import { type ConsumerId, consumerId, type SubscriptionId } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import type { Actor } from '../registry/domain/audit-entry.ts';
import type { Reach } from '../registry/ports.ts';
import { refuseFaults } from '../registry/refuse-faults.ts';
import { type WriteParts, type Written, writeFirst } from '../registry/write-version.ts';
import { checkSettings, httpFaults, type SettingsChecks } from './check-settings.ts';
import { needsVerification } from './domain/endpoint-consent.ts';
import { eventFaults, kindFaults } from './domain/event-patterns.ts';
import type { Fault } from './domain/fault.ts';
import { defaultSettings, readSettings } from './domain/read-settings.ts';
import type { CreateBody } from './domain/request-body.ts';
import { sealedHeaders, secretHeaderFaults } from './domain/secret-headers.ts';
import { begin, notDeleted, type Settings, type Subscription } from './domain/subscription.ts';
import { settingsWarnings } from './filter-warnings.ts';
import type { EventCatalogue, WorkspaceDirectory } from './ports.ts';
import { tlsFaults, withTls } from './seal-tls.ts';
import type { SecretMint } from './secret-factory.ts';
import { type VerifyParts, verifyEndpoint } from './verify-endpoint.ts';

/** What creation needs besides the parts of every write. */
export type CreateParts = WriteParts<Subscription> &
  VerifyParts &
  Readonly<{
    checks: SettingsChecks;
    mint: SecretMint;
    workspaces: WorkspaceDirectory;
    catalogue: EventCatalogue;
    /** Told when a subscription that owes a test is on its topic. */
    onTestOwed(): void;
  }>;

/** `id` is reserved by the caller, so that a repeat after a crash finds what the first run wrote. */
export type Creation = Readonly<{
  reach: Reach;
  body: CreateBody;
  id: SubscriptionId;
  traceparent: string;
  by: Actor;
}>;

/** The new subscription, its secret, which nobody can read again, and what is odd about it. */
export type Created = Written<Subscription> &
  Readonly<{ shownSecret: string | null; warnings: readonly Fault[] }>;

/** Writes version 1 of a subscription and publishes it; asks its endpoint first if that is wanted. */
export async function createSubscription(parts: CreateParts, creation: Creation): Promise<Created> {
  const { reach, body, by } = creation;
  const rules = await parts.workspaces.rulesOf(reach.workspaceId);
  const consumer = consumerOf(reach, body);
  const found = await checkSettings(parts.checks, body, [
    ...consumerFaults(reach, body),
    ...(await unknownConsumer(parts, reach, consumer)),
    ...httpFaults(rules, body),
    ...kindFaultsOf(body),
    ...(await parts.catalogue.faultsOf(reach, body.events)),
    ...tlsFaults(body, parts.clock.nowMs()),
  ]);
  await requireRoom(parts, creation, rules.maxSubscriptions);
  const { version, shownSecret } = firstVersion(parts, creation);
  const warnings = [...found, ...(await settingsWarnings(parts.catalogue, reach, version.settings))];
  const entity = { ...version, settings: await verified(parts, creation, version) };
  if (consumer !== null) {
    await parts.workspaces.ensureConsumer({ workspaceId: reach.workspaceId, consumerId: consumer }, by);
  }
  const written = await writeFirst(parts, { entity, by });
  parts.catalogue.onListed(reach.workspaceId, body.events);
  if (written === null) return { ...(await takeUp(parts, creation)), warnings };
  if (written.propagated && entity.isTestOwed) parts.onTestOwed();
  return { ...written, shownSecret, warnings };
}

type FirstVersion = Readonly<{ version: Subscription; shownSecret: string | null }>;

function firstVersion({ clock, mint }: CreateParts, { reach, body, id }: Creation): FirstVersion {
  const nowMs = clock.nowMs();
  const owner = { workspaceId: reach.workspaceId, subscriptionId: id };
  const { endpoint_url: endpointUrl, events } = body;
  const read = readSettings(body, { ...defaultSettings, endpointUrl, events });
  const secretHeaders = sealedHeaders([], body.secret_headers ?? {}, (name, value) =>
    mint.sealHeader(owner, { name, value }),
  );
  const settings = { ...withTls(read, body, { mint, nowMs, owner }), secretHeaders };
  refuseFaults(secretHeaderFaults(body, null, settings));
  const secret = mint.mint({ ...owner, style: settings.signatureStyle, own: body.secret, nowMs });
  const version = begin({
    id,
    workspaceId: reach.workspaceId,
    consumerId: consumerOf(reach, body),
    settings,
    secret: secret.stored,
    isActive: body.is_active ?? true,
    sendTest: body.send_test ?? true,
    nowMs,
  });
  return { version, shownSecret: secret.shown };
}

async function verified(
  parts: CreateParts,
  { reach, id, traceparent }: Creation,
  subscription: Subscription,
): Promise<Settings> {
  const { settings } = subscription;
  if (!needsVerification(null, settings)) return settings;
  // One that an earlier run of this request wrote was asked then.
  if ((await parts.store.find(reach, id)) !== null) return settings;
  return verifyEndpoint(parts, { subscription, traceparent });
}

// The id was reserved by an earlier run of the same request, which wrote the subscription and died before it answered.
async function takeUp(
  { store, outbox, mint }: CreateParts,
  { reach, id }: Creation,
): Promise<Omit<Created, 'warnings'>> {
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

// Events that are wrong in themselves are told as that.
const kindFaultsOf = ({ kind, events }: CreateBody): readonly Fault[] =>
  kind === undefined || eventFaults(events).length > 0 ? [] : kindFaults(kind, events);

async function unknownConsumer(
  { workspaces }: CreateParts,
  { workspaceId }: Reach,
  consumer: ConsumerId | null,
): Promise<readonly Fault[]> {
  if (consumer === null) return [];
  const detail = await workspaces.consumerFault({ workspaceId, consumerId: consumer });
  return detail === null ? [] : [{ pointer: '/consumer_id', detail }];
}

async function requireRoom(
  { store }: CreateParts,
  { reach, id }: Creation,
  maxPerWorkspace: number,
): Promise<void> {
  const workspace = { ...reach, consumerId: null };
  const count = await store.count(workspace, { in: { state: notDeleted } }, maxPerWorkspace);
  if (count < maxPerWorkspace) return;
  // One that an earlier run of this request wrote has its room already.
  if ((await store.find(reach, id)) !== null) return;
  const message = `A workspace may have at most ${maxPerWorkspace} subscriptions and has that many: delete one first.`;
  throw new AppError({ code: 'unprocessable', message, details: [{ pointer: '', detail: message }] });
}
