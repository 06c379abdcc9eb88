import icon from '../styles/icon.svg';
import { texts } from '../texts/index.ts';
import styles from './brand.module.css';

/** The product's mark and name. */
export function Brand() {
  return (
    <span className={styles.brand}>
      <img src={icon} alt="" width={24} height={24} />
      {texts.product}
    </span>
  );
}
