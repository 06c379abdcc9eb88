import { useRef, useState } from 'react';
import { useSession } from '../../app/session-context.ts';
import { FilterBar, SelectFilter, TextFilters } from '../../parts/list/filter-bar.tsx';
import { useFilters } from '../../parts/list/filters.ts';
import { Button } from '../../parts/page/button.tsx';
import { PageHeader } from '../../parts/page/page-header.tsx';
import { Empty, ErrorState } from '../../parts/page/states.tsx';
import { texts as shared } from '../../texts/index.ts';
import styles from './live.module.css';
import { kinds, liveFilters, statuses } from './live-filters.ts';
import { TailState } from './tail-state.tsx';
import { TailTable } from './tail-table.tsx';
import { texts } from './texts.ts';
import { maxRows, type Tail, useTail } from './use-tail.ts';

const textFilters = [
  ['types', texts.filters.types, texts.filters.typesPlaceholder],
  ['subscription_id', texts.filters.subscription, 'sub_…'],
  ['consumer_id', texts.filters.consumer, ''],
] as const;

const partnerFilters = [textFilters[0], ['subscription_id', texts.portal.endpoint, 'sub_…']] as const;

/** The live tail. It holds still while somebody has paused it, or has scrolled away from its beginning. */
export function Page() {
  const { entry } = useSession();
  const [values, change] = useFilters(liveFilters);
  const [isPaused, setPaused] = useState(false);
  const [isScrolled, setScrolled] = useState(false);
  const scroller = useRef<HTMLDivElement>(null);
  const isHeld = isPaused || isScrolled;
  const tail = useTail(values as Record<string, string>, isHeld);
  const { rows, held } = tail.view;
  const isPartner = entry === 'portal';
  const isFiltered = Object.keys(values).length > 0;
  const clear = () => change(Object.fromEntries(Object.keys(values).map((name) => [name, undefined])));
  const goOn = () => {
    scroller.current?.scrollTo({ top: 0 });
    setScrolled(false);
    setPaused(false);
  };
  return (
    <>
      <PageHeader title={texts.title} lead={isPartner ? texts.portal.lead : texts.lead}>
        <Button onClick={tail.clear} disabled={rows.length === 0}>
          {texts.clear}
        </Button>
        <Button aria-pressed={isPaused} onClick={() => (isPaused ? goOn() : setPaused(true))}>
          {isPaused ? texts.goOn : texts.pause}
        </Button>
      </PageHeader>
      <FilterBar isFiltered={isFiltered} onClear={clear}>
        <SelectFilter
          label={texts.filters.kinds}
          value={values.kinds}
          options={kinds}
          labelOf={(one) => texts.kinds[one]}
          onChange={(next) => change({ kinds: next })}
        />
        <SelectFilter
          label={texts.filters.status}
          value={values.status}
          options={statuses}
          labelOf={(one) => shared.status[one]}
          onChange={(status) => change({ status })}
        />
        <TextFilters filters={isPartner ? partnerFilters : textFilters} values={values} change={change} />
      </FilterBar>
      {tail.error !== null ? (
        <ErrorState error={tail.error} onRetry={tail.retry} />
      ) : (
        <>
          <div className={styles.bar}>
            <TailState tail={tail} isHeld={isHeld} />
            {held > 0 && (
              <Button size="small" onClick={goOn}>
                {texts.newer(held)}
              </Button>
            )}
            <span className={styles.kept}>{texts.kept(maxRows)}</span>
          </div>
          {rows.length === 0 ? (
            <Empty title={texts.waitingTitle} hint={waitingHint(tail.state, { isPartner, isFiltered })} />
          ) : (
            <TailTable rows={rows} scroller={scroller} onScrolled={setScrolled} />
          )}
        </>
      )}
    </>
  );
}

type Shown = Readonly<{ isPartner: boolean; isFiltered: boolean }>;

/** Returns what to expect while nothing has come. */
function waitingHint(state: Tail['state'], { isPartner, isFiltered }: Shown): string {
  if (state === 'connecting') return texts.connectingHint;
  if (state === 'interrupted') return texts.interruptedHint;
  if (isFiltered) return texts.waitingFiltered;
  return isPartner ? texts.portal.waitingHint : texts.waitingHint;
}
