import { isEventPattern, type ReplaySpec, type ReplayTarget, subscriptionId } from '@tidings/contracts';
import { checkFilter } from '@tidings/filters';
import { readTime } from '@tidings/http';
import { refused } from '@tidings/runtime';

/** The body of a request for a replay. */
export type ReplayBody = Readonly<{
  from?: string;
  to?: string;
  offsets?: Readonly<Record<string, readonly [number, number]>>;
  types?: readonly string[];
  filter?: Readonly<Record<string, unknown>>;
  target: Readonly<{ subscription_id?: string; all?: true; missing?: true }>;
  as_new?: boolean;
  hold_live?: boolean;
  rate_per_second?: number;
  dry_run?: boolean;
}>;

type Detail = Readonly<{ pointer: string; detail: string }>;

const faultsOf = ({ from, to, offsets, types = [], filter, hold_live, target }: ReplayBody): Detail[] => {
  const faults: Detail[] = [];
  if ((from === undefined) === (offsets === undefined)) {
    faults.push({ pointer: '/from', detail: 'is required, unless "offsets" is given, and excludes it' });
  }
  if (to !== undefined && offsets !== undefined) {
    faults.push({ pointer: '/to', detail: 'excludes "offsets"' });
  }
  for (const [partition, [first, end]] of Object.entries(offsets ?? {})) {
    if (first > end) faults.push({ pointer: `/offsets/${partition}`, detail: `ends before it begins` });
  }
  types.forEach((type, at) => {
    if (isEventPattern(type)) return;
    faults.push({ pointer: `/types/${at}`, detail: `must be a name such as 'order.paid', or 'order.*'` });
  });
  if (filter !== undefined) {
    const check = checkFilter(filter);
    if (!check.ok) {
      faults.push(...check.errors.map(({ pointer, detail }) => ({ pointer: `/filter${pointer}`, detail })));
    }
  }
  if (hold_live === true && target.subscription_id === undefined) {
    const detail = 'requires "target" with a subscription_id, of an ordered subscription';
    faults.push({ pointer: '/hold_live', detail });
  }
  return faults;
};

const targetOf = ({ subscription_id, all }: ReplayBody['target']): ReplayTarget => {
  if (subscription_id !== undefined)
    return { kind: 'subscription', subscriptionId: subscriptionId(subscription_id) };
  return { kind: all === true ? 'all' : 'missing' };
};

const spanOf = ({ from, to, offsets }: ReplayBody, nowMs: number) => {
  if (from === undefined) return { ...(offsets === undefined ? {} : { offsets }) };
  const fromMs = readTime(from, 'from');
  const toMs = Math.min(nowMs, to === undefined ? nowMs : readTime(to, 'to'));
  if (fromMs < toMs) return { fromMs, toMs };
  const detail = `must be before ${to === undefined ? 'now' : 'to, and in the past'}`;
  throw refused([{ pointer: '/from', detail }]);
};

/** Returns the specification that a body requests. Throws AppError `unprocessable`. */
export const replaySpecOf = (
  body: ReplayBody,
  { nowMs, ratePerSecond }: Readonly<{ nowMs: number; ratePerSecond: number }>,
): ReplaySpec => {
  const faults = faultsOf(body);
  if (faults.length > 0) throw refused(faults);
  return {
    ...spanOf(body, nowMs),
    types: body.types ?? [],
    filter: body.filter ?? null,
    target: targetOf(body.target),
    asNew: body.as_new ?? false,
    holdLive: body.hold_live ?? false,
    ratePerSecond: body.rate_per_second ?? ratePerSecond,
    ...(body.dry_run === true && { dryRun: true }),
  };
};

const isoTime = (ms: number): string => new Date(ms).toISOString();

/** Returns the request of a replay as a job shows it. */
export const replayView = ({ fromMs, toMs, offsets, target, ...spec }: ReplaySpec): object => ({
  ...(fromMs !== undefined && { from: isoTime(fromMs) }),
  ...(toMs !== undefined && { to: isoTime(toMs) }),
  ...(offsets !== undefined && { offsets }),
  types: spec.types,
  filter: spec.filter,
  target:
    target.kind === 'subscription' ? { subscription_id: target.subscriptionId } : { [target.kind]: true },
  as_new: spec.asNew,
  hold_live: spec.holdLive,
  dry_run: spec.dryRun ?? false,
});
