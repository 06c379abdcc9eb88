import { compileBody, mergedMembers, validBody } from '@tidings/http';
import { bodySchemas, type ChangeBody, type MergedBody } from './domain/request-body.ts';
import { shownFields } from './domain/setting.ts';
import { type Settings, settingsTable } from './domain/settings.ts';
import type { SecretFactory, SecretOwner } from './secret-factory.ts';

const validate = compileBody<MergedBody>(bodySchemas.merged);

/** The current settings and their owner. */
export type Settled = Readonly<{ settings: Settings; owner: SecretOwner }>;

type Headers = Readonly<Record<string, unknown>>;

/** Returns the current headers with names spelled as in the patch, since header names are case-insensitive. */
function spelledAs(patch: Headers | null | undefined, headers: Headers): Headers {
  const names = Object.keys(patch ?? {});
  const spelling = (name: string): string =>
    names.includes(name) ? name : (names.find((other) => other.toLowerCase() === name.toLowerCase()) ?? name);
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [spelling(name), value]));
}

/**
 * Returns the fields that a PATCH names, each as it is after the merge (RFC 7396) with the current settings, validated
 * by the same schema as in a new subscription. A secret header that stays is `true`, as in responses. Throws AppError
 * `unprocessable`.
 */
export function mergeChange(
  { settings, owner }: Settled,
  patch: ChangeBody,
  secretFactory: SecretFactory,
): MergedBody {
  const shown = shownFields(settingsTable, settings);
  const merged = mergedMembers(
    {
      ...shown,
      headers: spelledAs(patch.headers, settings.headers),
      secret_headers: spelledAs(patch.secret_headers, shown['secret_headers'] as Headers),
      // Opened only when needed: null removes TLS settings even when their sealing key is unavailable.
      tls:
        patch.tls != null && settings.tls !== null
          ? secretFactory.openTlsBody(settings.tls.sealed, owner)
          : null,
    },
    patch,
  );
  return validBody(
    {
      ...merged,
      ...(patch.headers === null && { headers: {} }),
      ...(patch.secret_headers === null && { secret_headers: {} }),
    },
    validate,
  );
}
