import { CopyButton } from './copy-button.tsx';
import styles from './copyable-id.module.css';

/** An id in full, with a button that copies it. */
export function CopyableId({ id, name }: Readonly<{ id: string; name: string }>) {
  return (
    <span className={styles.id}>
      <code>{id}</code>
      <CopyButton text={id} name={name} />
    </span>
  );
}
