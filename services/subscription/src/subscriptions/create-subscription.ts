import { type ConsumerId, consumerId, type SubscriptionId } from '@tidings/contracts';
import type { ErrorDetail } from '@tidings/json';
import { AppError } from '@tidings/runtime';
import type { Actor } from '../registry/domain/audit-entry.ts';
import type { Scope } from '../registry/ports.ts';
import { refuseFaults } from '../registry/refuse-faults.ts';
import { type WriteParts, type Written, writeFirst } from '../registry/write-version.ts';
import { audienceFaults, checkSettings, httpFaults } from './check-settings.ts';
import { needsVerification } from './domain/endpoint-consent.ts';
import { eventFaults, kindFaults } from './domain/event-rules.ts';
import type { CreateBody } from './domain/request-body.ts';
import { sealedHeaders, secretHeaderFaults } from './domain/secret-headers.ts';
import { defaultSettings, readSettings, type Settings } from './domain/settings.ts';
import { begin, notDeleted, type Subscription } from './domain/subscription.ts';
import { settingsWarnings } from './filter-warnings.ts';
import type { Headroom } from './headroom.ts';
import type { CheckEndpoint, EventCatalogue, WorkspaceDirectory } from './ports.ts';
import { tlsFaults, withTls } from './seal-tls.ts';
import type { SecretFactory } from './secret-factory.ts';
import { type VerifyParts, verifyEndpoint } from './verify-endpoint.ts';

/** Dependencies of a creation besides those of every write. */
export type CreateParts = WriteParts<Subscription> &
  VerifyParts &
  Readonly<{
    checkEndpoint: CheckEndpoint;
    secretFactory: SecretFactory;
    workspaces: WorkspaceDirectory;
    catalogue: EventCatalogue;
    headroom: Headroom;
    /** Called when a subscription with a pending test is on its topic. */
    onTestPending(): void;
  }>;

/**
 * A creation request. `id` is reserved by the caller, so that a repeat after a crash finds the document of the first
 * run.
 */
export type Creation = Readonly<{
  scope: Scope;
  body: CreateBody;
  id: SubscriptionId;
  traceparent: string;
  by: Actor;
}>;

/** The new subscription, its secret, which cannot be read again, and its warnings. */
export type Created = Written<Subscription> &
  Readonly<{ shownSecret: string | null; warnings: readonly ErrorDetail[] }>;

/** Writes and publishes version 1 of a subscription; verifies its endpoint first if the settings require it. */
export async function createSubscription(parts: CreateParts, creation: Creation): Promise<Created> {
  const { scope, body, by } = creation;
  const rules = await parts.workspaces.rulesOf(scope.workspaceId);
  const consumer = consumerOf(scope, body);
  const found = await checkSettings(parts.checkEndpoint, body, [
    ...consumerFaults(scope, body),
    ...(await unknownConsumer(parts, scope, consumer)),
    ...httpFaults(rules, body),
    ...audienceFaults(consumer, body),
    ...kindFaultsOf(body),
    ...(await parts.catalogue.faultsOf(scope, body.events)),
    ...tlsFaults(body, parts.clock.nowMs()),
  ]);
  await requireCapacity(parts, creation, rules.maxSubscriptions);
  const { version, shownSecret } = firstVersion(parts, creation);
  const warnings = [...found, ...(await settingsWarnings(parts.catalogue, scope, version.settings))];
  const entity = { ...version, settings: await verified(parts, creation, version) };
  if (consumer !== null) {
    await parts.workspaces.ensureConsumer({ workspaceId: scope.workspaceId, consumerId: consumer }, by);
  }
  const written = await writeFirst(parts, { entity, by });
  parts.catalogue.onListed(scope.workspaceId, body.events);
  if (written === null) return { ...(await takeUp(parts, creation)), warnings };
  if (written.propagated && entity.isTestPending) parts.onTestPending();
  return { ...written, shownSecret, warnings };
}

type FirstVersion = Readonly<{ version: Subscription; shownSecret: string | null }>;

function firstVersion({ clock, secretFactory }: CreateParts, { scope, body, id }: Creation): FirstVersion {
  const nowMs = clock.nowMs();
  const owner = { workspaceId: scope.workspaceId, subscriptionId: id };
  const { endpoint_url: endpointUrl, events } = body;
  const read = readSettings(body, { ...defaultSettings, endpointUrl, events });
  const secretHeaders = sealedHeaders([], body.secret_headers ?? {}, (name, value) =>
    secretFactory.sealHeader(owner, { name, value }),
  );
  const settings = { ...withTls(read, body, { secretFactory, nowMs, owner }), secretHeaders };
  refuseFaults(secretHeaderFaults(body, null, settings));
  const secret = secretFactory.create({ ...owner, style: settings.signatureStyle, own: body.secret, nowMs });
  const version = begin({
    id,
    workspaceId: scope.workspaceId,
    consumerId: consumerOf(scope, body),
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
  { scope, id, traceparent }: Creation,
  subscription: Subscription,
): Promise<Settings> {
  const { settings } = subscription;
  if (!needsVerification(null, settings)) return settings;
  // If an earlier run of this request wrote the subscription, that run verified the endpoint.
  if ((await parts.store.find(scope, id)) !== null) return settings;
  return verifyEndpoint(parts, { subscription, traceparent });
}

// Continues an earlier run of the same request, which reserved the id, wrote the subscription and crashed before it
// responded.
async function takeUp(
  { store, outbox, secretFactory }: CreateParts,
  { scope, id }: Creation,
): Promise<Omit<Created, 'warnings'>> {
  const subscription = await store.find(scope, id);
  if (subscription === null) {
    throw new AppError({ code: 'conflict', message: 'The new id is taken: repeat the request.' });
  }
  const propagated = subscription.isUnpublished ? await outbox.announce(subscription) : true;
  return { entity: subscription, propagated, shownSecret: firstSecret(secretFactory, subscription) };
}

/**
 * Returns the secret of version 1 while that is the current version. A newer secret does not belong to this request.
 */
function firstSecret(secretFactory: SecretFactory, subscription: Subscription): string | null {
  const [secret] = subscription.secrets;
  if (secret === undefined || secret.publicKey !== null || subscription.version > 1) return null;
  return secretFactory.open(secret.sealed, {
    workspaceId: subscription.workspaceId,
    subscriptionId: subscription.id,
  });
}

function consumerOf(scope: Scope, body: CreateBody): ConsumerId | null {
  if (scope.consumerId !== null) return scope.consumerId;
  return body.consumer_id == null ? null : consumerId(body.consumer_id);
}

function consumerFaults(
  { consumerId: own }: Scope,
  { consumer_id: requested }: CreateBody,
): readonly ErrorDetail[] {
  if (own === null || requested == null || requested === own) return [];
  return [{ pointer: '/consumer_id', detail: 'must be the consumer of the key, or omitted' }];
}

// Invalid events are reported by their own faults.
const kindFaultsOf = ({ kind, events }: CreateBody): readonly ErrorDetail[] =>
  kind === undefined || eventFaults(events).length > 0 ? [] : kindFaults(kind, events);

async function unknownConsumer(
  { workspaces }: CreateParts,
  { workspaceId }: Scope,
  consumer: ConsumerId | null,
): Promise<readonly ErrorDetail[]> {
  if (consumer === null) return [];
  const detail = await workspaces.consumerFault({ workspaceId, consumerId: consumer });
  return detail === null ? [] : [{ pointer: '/consumer_id', detail }];
}

async function requireCapacity(
  { store, headroom }: CreateParts,
  { scope, id }: Creation,
  maxPerWorkspace: number,
): Promise<void> {
  const workspace = { ...scope, consumerId: null };
  const count = async (): Promise<number> =>
    store.count(workspace, { in: { state: notDeleted } }, maxPerWorkspace);
  if (await headroom.hasRoom(scope.workspaceId, maxPerWorkspace, count)) return;
  // A subscription that an earlier run of this request wrote is already included in the count.
  if ((await store.find(scope, id)) !== null) return;
  const message = `A workspace may have at most ${maxPerWorkspace} subscriptions and has that many: delete one first.`;
  throw new AppError({ code: 'unprocessable', message, details: [{ pointer: '', detail: message }] });
}
