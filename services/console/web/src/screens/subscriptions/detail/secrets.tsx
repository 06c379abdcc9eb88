import type { Schemas } from '../../../api/client.ts';
import { CopyableId } from '../../../parts/values/copyable-id.tsx';
import { Time } from '../../../parts/values/time.tsx';
import { texts } from '../texts.ts';
import styles from './subscription-detail.module.css';

/** The secrets that sign at the moment, newest first: never their values, which were shown once. */
export const Secrets = ({ secrets }: Readonly<{ secrets: readonly Schemas['SigningSecret'][] }>) => (
  <ul className={styles.card}>
    {secrets.map(({ id, public_key, created_at, expires_at }) => (
      <li key={id} className={styles.lead}>
        {public_key === null ? <code>{id}</code> : <CopyableId id={public_key} name={texts.publicKeyName} />}
        <span className={styles.soft}>
          {texts.facts.created} <Time at={created_at} />
        </span>
        <span>
          {expires_at === null ? (
            texts.facts.secretSigns
          ) : (
            <>
              {texts.facts.secretEnds} <Time at={expires_at} isExact isPlanned />
            </>
          )}
        </span>
      </li>
    ))}
  </ul>
);
