import type { SourceRecord } from '@tidings/contracts';
import type { Verification } from '@tidings/inbound';
import type { Logger } from '@tidings/observability';
import { AppError, type KeyRing, messageOf, unseal } from '@tidings/runtime';

/** Dependencies of opening secrets. */
export type SecretParts = Readonly<{ ring: KeyRing; logger: Logger }>;

/**
 * Returns what webhooks of a source are verified against: its valid secrets, its options, and the time. A seal that does not
 * open is a fault here (`unavailable`): the sender may repeat the webhook.
 */
export function verificationOf(
  { ring, logger }: SecretParts,
  { id, workspaceId, secrets, options }: SourceRecord,
  nowMs: number,
): Verification {
  try {
    const valid = secrets
      .filter(({ expiresAtMs }) => expiresAtMs === null || expiresAtMs > nowMs)
      .map(({ sealed }) => unseal(ring, sealed, [workspaceId, id, 'secrets']));
    return { secrets: valid, options, nowSeconds: Math.floor(nowMs / 1_000) };
  } catch (cause) {
    logger.error({ sourceId: id, workspaceId, detail: messageOf(cause) }, 'source.secrets-not-opened');
    throw new AppError({ code: 'unavailable', message: 'the secrets of the source do not open', cause });
  }
}
