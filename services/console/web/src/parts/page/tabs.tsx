import { type KeyboardEvent, type ReactNode, useId, useRef, useState } from 'react';
import styles from './tabs.module.css';

/** One tab and its content. */
export type Tab = Readonly<{ name: string; content: ReactNode }>;

/** Tabs: the arrow keys, Home and End move between them (ARIA Authoring Practices, tabs pattern). */
export function Tabs({ label, tabs }: Readonly<{ label: string; tabs: readonly Tab[] }>) {
  const [selected, setSelected] = useState(0);
  const buttons = useRef<(HTMLButtonElement | null)[]>([]);
  const id = useId();
  const onKeyDown = ({ key }: KeyboardEvent) => {
    const last = tabs.length - 1;
    const next = { ArrowRight: selected + 1, ArrowLeft: selected - 1, Home: 0, End: last }[key];
    if (next === undefined) return;
    const at = (next + tabs.length) % tabs.length;
    setSelected(at);
    buttons.current[at]?.focus();
  };
  return (
    <div>
      <div role="tablist" aria-label={label} className={styles.list} onKeyDown={onKeyDown}>
        {tabs.map(({ name }, at) => (
          <button
            key={name}
            ref={(button) => {
              buttons.current[at] = button;
            }}
            type="button"
            role="tab"
            id={`${id}-tab-${at}`}
            aria-selected={at === selected}
            aria-controls={`${id}-panel-${at}`}
            tabIndex={at === selected ? 0 : -1}
            className={styles.tab}
            onClick={() => setSelected(at)}
          >
            {name}
          </button>
        ))}
      </div>
      {tabs.map(({ name, content }, at) => (
        <div
          key={name}
          role="tabpanel"
          id={`${id}-panel-${at}`}
          aria-labelledby={`${id}-tab-${at}`}
          hidden={at !== selected}
          className={styles.panel}
        >
          {at === selected && content}
        </div>
      ))}
    </div>
  );
}
