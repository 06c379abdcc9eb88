import { AppError } from '@tidings/runtime';
import { type Target, type WriteParts, type Written, writeVersion } from '../registry/write-version.ts';
import { checkSettings, type SettingsChecks } from './check-settings.ts';
import { readSettings } from './domain/read-settings.ts';
import type { ChangeBody } from './domain/request-body.ts';
import { amended, type Settings, type Subscription } from './domain/subscription.ts';

/** What a change needs besides the parts of every write. */
export type ChangeParts = WriteParts<Subscription> & Readonly<{ checks: SettingsChecks }>;

// A key pair is no shared secret: going from one to the other would leave the receiver with nothing to verify with.
function refuseOtherKeys(from: Settings, to: Settings): void {
  if ((from.signatureStyle === 'v1a') === (to.signatureStyle === 'v1a')) return;
  const detail = `cannot change from '${from.signatureStyle}' to '${to.signatureStyle}', which uses other keys: create another subscription`;
  const details = [{ pointer: '/signature_style', detail }];
  throw new AppError({
    code: 'unprocessable',
    message: `The body breaks a rule: /signature_style ${detail}.`,
    details,
  });
}

/** PATCH: puts the named fields in the place of what was. A body that changes nothing makes no new version. */
export async function changeSubscription(
  parts: ChangeParts,
  target: Target,
  body: ChangeBody,
): Promise<Written<Subscription>> {
  await checkSettings(parts.checks, body);
  return writeVersion(parts, target, {
    operation: 'changed',
    change: (current) => {
      const settings = readSettings(body, current.settings);
      refuseOtherKeys(current.settings, settings);
      const isActive = body.is_active ?? current.state === 'active';
      return amended(current, { settings, isActive, reason: 'manual' }, parts.clock.nowMs());
    },
  });
}
