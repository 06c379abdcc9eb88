import { createContext, type ReactNode, useCallback, useContext, useRef, useState } from 'react';
import { texts } from '../../texts/index.ts';
import styles from './toast.module.css';

type Toast = Readonly<{ id: number; text: string; tone: 'good' | 'bad' }>;
type Show = (text: string, tone?: Toast['tone']) => void;

const ToastContext = createContext<Show>(() => {});
const shownMs = 5_000;

/** Returns a function that shows a short message. An error stays until it is closed. */
export const useToast = (): Show => useContext(ToastContext);

/** Shows messages at the edge of the page. A screen reader reads them when they come. */
export function Toasts({ children }: Readonly<{ children: ReactNode }>) {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const nextId = useRef(0);
  const close = useCallback((id: number) => setToasts((all) => all.filter((toast) => toast.id !== id)), []);
  const show = useCallback<Show>(
    (text, tone = 'good') => {
      const id = nextId.current++;
      setToasts((all) => [...all.slice(-2), { id, text, tone }]);
      if (tone === 'good') setTimeout(() => close(id), shownMs);
    },
    [close],
  );
  return (
    <ToastContext value={show}>
      {children}
      <div className={styles.area} role="status">
        {toasts.map(({ id, text, tone }) => (
          <p key={id} className={styles.toast} data-tone={tone}>
            {text}
            <button type="button" onClick={() => close(id)} aria-label={texts.close}>
              ×
            </button>
          </p>
        ))}
      </div>
    </ToastContext>
  );
}
