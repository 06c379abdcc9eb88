import { Button } from '../parts/page/button.tsx';
import { Notice } from '../parts/page/states.tsx';
import { texts } from '../texts/index.ts';
import styles from './page-fault.module.css';

/** Shown in place of a page that threw an error: a fault of the console, not of the API. */
export function PageFault({ error }: Readonly<{ error: unknown }>) {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return (
    <Notice title={texts.error.unexpected} hint={texts.error.unexpectedHint} role="alert" isPage>
      <pre className={styles.message}>{message.slice(0, 2_000)}</pre>
      <Button onClick={() => location.reload()}>{texts.error.reload}</Button>
    </Notice>
  );
}
