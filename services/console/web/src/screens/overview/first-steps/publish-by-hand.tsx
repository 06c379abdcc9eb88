import { Empty } from '../../../parts/page/states.tsx';
import { CopyButton } from '../../../parts/values/copy-button.tsx';
import styles from '../overview.module.css';
import { texts } from '../texts.ts';

/** Shown before anything has been published: how to begin. */
export function PublishByHand() {
  const command = [
    `curl -sS ${location.origin}/v1/events \\`,
    `  -H "Authorization: Bearer $TIDINGS_API_KEY" -H 'Content-Type: application/json' \\`,
    `  -d '{"type":"demo.hello","data":{"greeting":"Hello from Tidings"}}'`,
  ].join('\n');
  return (
    <Empty title={texts.firstTitle} hint={texts.firstHint}>
      {/* It scrolls on narrow pages, so that the keyboard must reach it. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls */}
      <pre tabIndex={0} role="group" aria-label={texts.firstTitle} className={styles.command}>
        {command}
      </pre>
      <CopyButton text={command} name={texts.firstTitle} />
    </Empty>
  );
}
