import { Link } from '@tanstack/react-router';
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, type ReactNode, type RefObject } from 'react';
import { useSession } from '../../app/session-context.ts';
import { DeliveryStatus } from '../../parts/delivery/delivery-status.tsx';
import { reasonWords } from '../../parts/delivery/failure-words.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import { durationText } from '../../parts/values/relative-time.ts';
import { StatusBadge } from '../../parts/values/status-badge.tsx';
import styles from './live.module.css';
import type { TailMessage, TailRow } from './tail-buffer.ts';
import { texts } from './texts.ts';

type Props = Readonly<{
  rows: readonly TailRow[];
  scroller: RefObject<HTMLDivElement | null>;
  onScrolled: (isScrolled: boolean) => void;
}>;

const rowHeight = 31;
// Within half a row of the beginning somebody still looks at the newest.
const atTopPx = rowHeight / 2;
const columns = Object.entries(texts.columns);

const clock = new Intl.DateTimeFormat(undefined, {
  ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false },
  fractionalSecondDigits: 3,
});

/** The messages in a box that scrolls by itself: only those in view are in the document. */
export function TailTable({ rows, scroller, onScrolled }: Props) {
  const { entry } = useSession();
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8,
    getItemKey: (at) => rows[at]?.key ?? at,
  });
  return (
    // A region that scrolls must be reachable by the keyboard.
    <div
      ref={scroller}
      className={styles.scroller}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
      tabIndex={0}
      role="group"
      aria-label={texts.table}
      onScroll={({ currentTarget }) => onScrolled(currentTarget.scrollTop > atTopPx)}
    >
      <div role="table" aria-label={texts.table} aria-rowcount={rows.length + 1}>
        <div role="rowgroup" className={styles.head}>
          <div role="row" aria-rowindex={1} className={styles.row}>
            {columns.map(([name, label]) => (
              <span key={name} role="columnheader" data-column={name}>
                {entry === 'portal' && name === 'subscription' ? texts.portal.endpoint : label}
              </span>
            ))}
          </div>
        </div>
        <div role="rowgroup" className={styles.body} style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, key, start }) => {
            const row = rows[index];
            return (
              row !== undefined && (
                <div
                  key={key}
                  role="row"
                  aria-rowindex={index + 2}
                  className={styles.row}
                  style={{ transform: `translateY(${start}px)` }}
                >
                  <Cells message={row.message} />
                </div>
              )
            );
          })}
        </div>
      </div>
    </div>
  );
}

// A row moves down as others come, and stays what it is.
const Cells = memo(({ message }: Readonly<{ message: TailMessage }>) => {
  if (message.kind === 'gap') {
    return (
      <span role="cell" className={styles.gap}>
        {texts.gap}
      </span>
    );
  }
  if (!('event_id' in message)) return null;
  return (
    <>
      <span role="cell" data-column="at">
        <time dateTime={message.at} title={message.at}>
          {clock.format(Date.parse(message.at))}
        </time>
      </span>
      <span role="cell" data-column="what">
        <What message={message} />
      </span>
      <span role="cell" data-column="type">
        <TypeLink message={message} />
      </span>
      <span role="cell" data-column="detail">
        {detailOf(message)}
      </span>
      <span role="cell" data-column="subscription">
        {'subscription_id' in message && <code>{message.subscription_id}</code>}
      </span>
    </>
  );
});

type Happening = Extract<TailMessage, Readonly<{ event_id: string }>>;

function What({ message }: Readonly<{ message: Happening }>): ReactNode {
  if (message.kind === 'event') return <StatusBadge tone="busy">{texts.accepted}</StatusBadge>;
  if (message.kind === 'state') return <DeliveryStatus status={message.status} />;
  return (
    <StatusBadge tone={message.outcome === 'delivered' ? 'good' : 'bad'}>
      {message.status_code ?? texts.noAnswer}
    </StatusBadge>
  );
}

/** Partners have no page of an event: what happened to their delivery of it is what they see. */
function TypeLink({ message }: Readonly<{ message: Happening }>): ReactNode {
  const { entry } = useSession();
  const type = <ForeignText>{message.event_type}</ForeignText>;
  if (message.kind !== 'event') {
    return (
      <Link to="/deliveries/$id" params={{ id: message.delivery_id }} preload={false}>
        {type}
      </Link>
    );
  }
  if (entry === 'portal') return type;
  return (
    <Link to="/events/$id" params={{ id: message.event_id }} preload={false}>
      {type}
    </Link>
  );
}

function detailOf(message: Happening): ReactNode {
  if (message.kind === 'event') {
    return message.consumer_id === null ? '' : <ForeignText>{message.consumer_id}</ForeignText>;
  }
  if (message.kind === 'state') {
    return message.status_reason === null ? '' : reasonWords(message.status_reason, null);
  }
  const attempt = texts.attempt(message.attempt, durationText(message.duration_ms));
  return message.reason === null
    ? attempt
    : `${attempt} · ${reasonWords(message.reason, message.status_code)}`;
}
