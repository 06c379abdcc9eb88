import { visibleText } from '../parts/foreign/visible-text.ts';
import icon from '../styles/icon.svg';
import styles from './brand.module.css';
import { useLook } from './portal/portal-look.ts';
import { productName } from './product-name.ts';

type Props = Readonly<{ isShort?: boolean }>;

/** The mark and name of the product or, in the portal, of the workspace. With `isShort` the mark alone on narrow pages. */
export function Brand({ isShort = false }: Props) {
  const { logo, name } = useLook();
  return (
    <span className={styles.brand} data-short={isShort}>
      <img src={logo ?? icon} alt="" height={24} {...(logo === null ? { width: 24 } : {})} />
      <bdi>{name === null ? productName() : visibleText(name)}</bdi>
    </span>
  );
}
