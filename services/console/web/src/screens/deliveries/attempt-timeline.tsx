import type { Schemas } from '../../api/client.ts';
import { reasonWords } from '../../parts/delivery/failure-words.ts';
import { Aside, TimeLine, TimeLineItem } from '../../parts/list/time-line.tsx';
import { durationText } from '../../parts/values/relative-time.ts';
import { StatusBadge } from '../../parts/values/status-badge.tsx';
import { Time } from '../../parts/values/time.tsx';
import { AttemptDetails } from './attempt-details.tsx';
import { texts } from './texts.ts';

type Attempt = Schemas['Attempt'];
type Props = Readonly<{ attempts: readonly Attempt[]; event: Schemas['EventDetail'] | undefined }>;

const keyOf = ({ chain, attempt, at }: Attempt) => `${chain}.${attempt}.${at}`;

/** The attempts on a line of time, newest first; the newest is open. */
export function AttemptTimeline({ attempts, event }: Props) {
  const newestFirst = [...attempts].reverse();
  return (
    <TimeLine>
      {newestFirst.map((attempt, at) => (
        <AttemptItem key={keyOf(attempt)} attempt={attempt} event={event} isOpenAtFirst={at === 0} />
      ))}
    </TimeLine>
  );
}

type ItemProps = Readonly<{ attempt: Attempt; event: Props['event']; isOpenAtFirst: boolean }>;

function AttemptItem({ attempt, event, isOpenAtFirst }: ItemProps) {
  const { attempt: number, outcome, status_code, reason, trigger, at, duration_ms, next } = attempt;
  const tone = outcome === 'delivered' ? 'good' : 'bad';
  return (
    <TimeLineItem
      tone={tone}
      name={texts.attempt(number)}
      head={
        <>
          <StatusBadge tone={tone}>{status_code ?? reason ?? ''}</StatusBadge>
          {trigger !== 'event' && <Aside>{texts.triggers[trigger]}</Aside>}
          <Aside>{durationText(duration_ms)}</Aside>
        </>
      }
      at={<Time at={at} isExact />}
      isOpenAtFirst={isOpenAtFirst}
    >
      {reason !== null && <p>{reasonWords(reason, status_code)}</p>}
      {next.at !== undefined && (
        <p>
          <Aside>
            {texts.nextRetry}: <Time at={next.at} isExact isPlanned />
          </Aside>
        </p>
      )}
      {next.reason !== undefined && (
        <p>
          <Aside>{reasonWords(next.reason, status_code)}</Aside>
        </p>
      )}
      <AttemptDetails attempt={attempt} event={event} />
    </TimeLineItem>
  );
}
