import type { ErrorDetail } from '@tidings/json';
import { refused } from '@tidings/runtime';
import type { Scope } from '../registry/ports.ts';
import { refuseFaults } from '../registry/refuse-faults.ts';
import { type Target, type WriteParts, type Written, writeVersion } from '../registry/write-version.ts';
import { audienceFaults, checkSettings, httpFaults } from './check-settings.ts';
import { needsVerification } from './domain/endpoint-consent.ts';
import { kindFaults, kindOf } from './domain/event-rules.ts';
import type { ChangeBody, MergedBody } from './domain/request-body.ts';
import { sealedHeaders, secretHeaderFaults } from './domain/secret-headers.ts';
import { readSettings, type Settings } from './domain/settings.ts';
import { amended, type Subscription } from './domain/subscription.ts';
import { settingsWarnings } from './filter-warnings.ts';
import { mergeChange, type Settled } from './merge-change.ts';
import type { CheckEndpoint, EventCatalogue, WorkspaceDirectory } from './ports.ts';
import { tlsFaults, withTls } from './seal-tls.ts';
import { type VerifyParts, verifyEndpoint } from './verify-endpoint.ts';

/** Dependencies of a change besides those of every write. */
export type ChangeParts = WriteParts<Subscription> &
  VerifyParts &
  Readonly<{ checkEndpoint: CheckEndpoint; workspaces: WorkspaceDirectory; catalogue: EventCatalogue }>;

/** The subscription to change, and the trace that a request to its endpoint continues. */
export type ChangeTarget = Target & Readonly<{ traceparent: string }>;

/** The new version and its warnings. */
export type Changed = Written<Subscription> & Readonly<{ warnings: readonly ErrorDetail[] }>;

// A key pair is not a shared secret: after a change between the two, the receiver could no longer verify signatures.
function refuseOtherKeys(from: Settings, to: Settings): void {
  if ((from.signatureStyle === 'v1a') === (to.signatureStyle === 'v1a')) return;
  const detail = `cannot change from '${from.signatureStyle}' to '${to.signatureStyle}', which uses other keys: create another subscription`;
  throw refused([{ pointer: '/signature_style', detail }]);
}

// Refuses a change of kind: the endpoint would receive events of an entirely different meaning.
const otherKindFaults = (from: Settings, to: Settings): readonly ErrorDetail[] =>
  kindFaults(kindOf(from.events), to.events);

function changedSettings(
  parts: ChangeParts,
  { settings, owner }: Settled,
  { patch, body }: Readonly<{ patch: ChangeBody; body: MergedBody }>,
): Settings {
  const secretHeaders =
    body.secret_headers === undefined
      ? settings.secretHeaders
      : sealedHeaders(settings.secretHeaders, body.secret_headers, (name, value, known) =>
          parts.secretFactory.sealHeader(owner, { name, value }, known),
        );
  const sealing = { secretFactory: parts.secretFactory, nowMs: parts.clock.nowMs(), owner };
  const changed = { ...withTls(readSettings(body, settings), body, sealing), secretHeaders };
  refuseOtherKeys(settings, changed);
  refuseFaults([...secretHeaderFaults(patch, settings, changed), ...otherKindFaults(settings, changed)]);
  return changed.verify === 'challenge' ? changed : { ...changed, requestOrigin: null };
}

/**
 * PATCH: merges the body into the current settings (RFC 7396). A body that changes nothing creates no new version. If
 * the endpoint was verified at creation, a new URL is verified again.
 */
export async function changeSubscription(
  parts: ChangeParts,
  { traceparent, ...target }: ChangeTarget,
  patch: ChangeBody,
): Promise<Changed> {
  let warnings: readonly ErrorDetail[] = [];
  const written = await writeVersion(parts, target, {
    operation: 'changed',
    change: async (current) => {
      const owner = { workspaceId: current.workspaceId, subscriptionId: current.id };
      const body = mergeChange({ settings: current.settings, owner }, patch, parts.secretFactory);
      const faults = audienceFaults(current.consumerId, body);
      const odd = await checkMerged(parts, target.scope, { body, faults });
      const settings = changedSettings(parts, { settings: current.settings, owner }, { patch, body });
      warnings = [...odd, ...(await settingsWarnings(parts.catalogue, target.scope, settings))];
      const isActive = body.is_active ?? current.state === 'active';
      const amend = (to: Settings): Subscription =>
        amended(current, { settings: to, isActive, reason: 'manual' }, parts.clock.nowMs());
      const next = amend(settings);
      if (!needsVerification(current.settings, settings)) return next;
      return amend(await verifyEndpoint(parts, { subscription: next, traceparent }));
    },
  });
  if (patch.events !== undefined) parts.catalogue.onListed(target.scope.workspaceId, patch.events);
  return { ...written, warnings };
}

async function checkMerged(
  parts: ChangeParts,
  scope: Scope,
  { body, faults }: Readonly<{ body: MergedBody; faults: readonly ErrorDetail[] }>,
): Promise<readonly ErrorDetail[]> {
  const rules = await parts.workspaces.rulesOf(scope.workspaceId);
  return checkSettings(parts.checkEndpoint, body, [
    ...faults,
    ...tlsFaults(body, parts.clock.nowMs()),
    ...httpFaults(rules, body),
    ...(await parts.catalogue.faultsOf(scope, body.events ?? [])),
  ]);
}
