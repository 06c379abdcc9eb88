import type { ComponentProps } from 'react';
import styles from './button.module.css';

type Props = ComponentProps<'button'> &
  Readonly<{ kind?: 'primary' | 'normal' | 'quiet' | 'danger'; size?: 'normal' | 'small' }>;

/** A button. One `primary` a page; `danger` for what cannot be undone. */
export function Button({
  kind = 'normal',
  size = 'normal',
  type = 'button',
  className = '',
  ...props
}: Props) {
  return (
    <button
      {...props}
      type={type}
      data-kind={kind}
      data-size={size}
      className={`${styles.button} ${className}`}
    />
  );
}
