import type { Schemas } from '../../api/client.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import { LongData } from '../../parts/foreign/long-data.tsx';
import { visibleText } from '../../parts/foreign/visible-text.ts';
import { Aside, TimeLine, TimeLineItem } from '../../parts/list/time-line.tsx';
import { Note } from '../../parts/page/section.tsx';
import { durationText } from '../../parts/values/relative-time.ts';
import { SmallTable } from '../../parts/values/small-table.tsx';
import { StatusBadge, type Tone } from '../../parts/values/status-badge.tsx';
import { Time } from '../../parts/values/time.tsx';
import { texts } from './texts.ts';

type Step = Schemas['Run']['steps'][number];

const tones: Readonly<Record<Step['status'], Tone>> = {
  waiting: 'warn',
  succeeded: 'good',
  failed: 'bad',
  undone: 'quiet',
};

/** The steps of a run on a line of time, in the order in which they began. Those that did not succeed are open. */
export const RunSteps = ({ steps }: Readonly<{ steps: readonly Step[] }>) => (
  <TimeLine>
    {steps.map((step) => (
      <StepItem key={step.name} step={step} />
    ))}
  </TimeLine>
);

function StepItem({ step }: Readonly<{ step: Step }>) {
  const { name, kind, status, attempts, attempt_count, retry_at, result } = step;
  const tookMs = attempts.reduce((sum, { duration_ms }) => sum + duration_ms, 0);
  const shownName = visibleText(name);
  return (
    <TimeLineItem
      tone={tones[status]}
      name={<ForeignText>{name}</ForeignText>}
      head={
        <>
          <StatusBadge tone={tones[status]}>{texts.stepStatuses[status]}</StatusBadge>
          {kind === 'compensation' && <StatusBadge tone="quiet">{texts.compensation}</StatusBadge>}
          <Aside>{texts.attemptCount(attempt_count)}</Aside>
          <Aside>{durationText(tookMs)}</Aside>
        </>
      }
      at={<Time at={attempts[0]?.started_at ?? null} isExact />}
      isOpenAtFirst={status === 'failed' || status === 'waiting'}
    >
      {retry_at !== null && (
        <p>
          {texts.nextAttempt}: <Time at={retry_at} isExact isPlanned />
        </p>
      )}
      {attempts.length > 0 && (
        <SmallTable
          label={texts.attemptsOf(shownName)}
          columns={texts.attemptColumns}
          rows={attempts.map(({ attempt, outcome, started_at, duration_ms, error }) => [
            texts.attempt(attempt),
            texts.outcomes[outcome],
            <Time key="at" at={started_at} isExact />,
            durationText(duration_ms),
            error === null ? '–' : <ForeignText key="error">{error}</ForeignText>,
          ])}
          isWordy
        />
      )}
      {attempt_count > attempts.length && <Note>{texts.newestAttempts(attempts.length)}</Note>}
      {result !== null && (
        <div>
          <p>{texts.result(shownName)}</p>
          <LongData text={JSON.stringify(result)} name={texts.result(shownName)} />
        </div>
      )}
    </TimeLineItem>
  );
}
