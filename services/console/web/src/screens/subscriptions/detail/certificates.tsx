import type { Schemas } from '../../../api/client.ts';
import { Time } from '../../../parts/values/time.tsx';
import { texts } from '../texts.ts';

type Certificate = NonNullable<Schemas['Subscription']['tls']>['ca'][number];

/** Certificates by fingerprint and end. */
export const Certificates = ({ certificates }: Readonly<{ certificates: readonly Certificate[] }>) => (
  <ul>
    {certificates.map(({ fingerprint_sha256, expires_at }) => (
      <li key={fingerprint_sha256}>
        <code title={fingerprint_sha256}>{fingerprint_sha256.slice(0, 23)}…</code> {texts.facts.until}{' '}
        <Time at={expires_at} />
      </li>
    ))}
  </ul>
);
