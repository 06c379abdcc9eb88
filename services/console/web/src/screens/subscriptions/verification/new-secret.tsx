import type { Schemas } from '../../../api/client.ts';
import { ForeignText } from '../../../parts/foreign/foreign-text.tsx';
import { Button } from '../../../parts/page/button.tsx';
import { SecretOnce } from '../../../parts/page/secret-once.tsx';
import { CopyableId } from '../../../parts/values/copyable-id.tsx';
import { texts } from '../texts.ts';
import styles from './verification.module.css';
import { Verification } from './verification.tsx';

type Props = Readonly<{
  subscription: Schemas['SubscriptionWithSecret'];
  title?: string;
  warnings?: Schemas['CreatedSubscription']['warnings'];
  onDone: () => void;
}>;

/** The secret of a subscription, shown this once, or its public key; with receivers that verify. */
export function NewSecret({ subscription, title, warnings = [], onDone }: Props) {
  const { secret, public_key } = subscription;
  const code = <Verification subscription={subscription} />;
  const shown = title ?? (public_key === null ? texts.secretName : texts.publicKeyName);
  return (
    <>
      {warnings.length > 0 && (
        <section className={styles.warnings} aria-label={texts.warnings}>
          <strong>{texts.warnings}</strong>
          {warnings.map(({ detail }) => (
            <p key={detail}>
              <ForeignText>{detail}</ForeignText>
            </p>
          ))}
        </section>
      )}
      {secret !== null ? (
        <SecretOnce
          title={shown}
          name={texts.secretName}
          secret={secret}
          hint={texts.secretOnce}
          onDone={onDone}
        >
          {code}
        </SecretOnce>
      ) : (
        <section className={styles.place} aria-label={shown}>
          <h2>{shown}</h2>
          <p>{public_key === null ? texts.ownSecret : texts.ownKeys}</p>
          {public_key !== null && <CopyableId id={public_key} name={texts.publicKeyName} />}
          {code}
          <div>
            <Button kind="primary" onClick={onDone}>
              {texts.toDetail}
            </Button>
          </div>
        </section>
      )}
    </>
  );
}
