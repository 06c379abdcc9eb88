import buttonStyles from '../../parts/page/button.module.css';
import { Button } from '../../parts/page/button.tsx';
import { texts } from '../../texts/index.ts';
import { Brand } from '../brand.tsx';
import styles from '../sign-in.module.css';
import { isFramed, tellParent } from './framed-token.ts';
import { refreshLink } from './look.ts';

type Props = Readonly<{ message: string | undefined; refreshUrl: string | null }>;

/** Stands in place of the portal while nobody is signed in, and leads to who can open it again. */
export function PortalClosed({ message, refreshUrl }: Props) {
  const t = texts.portalClosed;
  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <Brand />
        <h1>{t.title}</h1>
        {message !== undefined && (
          <p className={styles.message} role="status">
            {message}
          </p>
        )}
        {isFramed ? (
          <>
            <p>{t.framedHint}</p>
            <Button kind="primary" onClick={() => tellParent('token-expired')}>
              {t.openAgain}
            </Button>
          </>
        ) : (
          refreshUrl !== null && (
            <>
              <p>{t.hint}</p>
              <a
                href={refreshLink(refreshUrl, pathInPortal())}
                className={buttonStyles.button}
                data-kind="primary"
                data-size="normal"
                rel="noreferrer"
              >
                {t.continueAt(new URL(refreshUrl).host)}
              </a>
            </>
          )
        )}
      </div>
    </main>
  );
}

function pathInPortal(): string {
  const path = location.pathname.replace(/^\/portal/, '');
  return `${path === '' ? '/' : path}${location.search}`;
}
