import type { Faults } from '../../parts/form/faults.ts';
import type { Target } from './replay-filters.ts';

/** The values of the form of a replay. Times are those of the browser's zone, as its inputs write them. */
export type ReplayValues = Readonly<{
  target: Target;
  subscription_id: string;
  from: string;
  to: string;
  types: string;
  filter: string;
  rate: string;
  as_new: boolean;
  hold_live: boolean;
}>;

/** The body of `POST /v1/webhooks/replays`. */
export type ReplayRequest = Readonly<{
  from: string;
  to?: string;
  types?: string[];
  filter?: Record<string, unknown>;
  target: { subscription_id?: string; all?: true; missing?: true };
  as_new?: boolean;
  hold_live?: boolean;
  rate_per_second?: number;
}>;

/** The messages about values that cannot be sent. */
export type FaultTexts = Readonly<{
  from: string;
  time: string;
  subscription: string;
  filter: string;
  rate: string;
}>;

const pad = (part: number) => String(part).padStart(2, '0');

/** Returns a time as `<input type="datetime-local">` takes it: in the zone of the browser, without seconds. */
export function localTime(at: Date): string {
  const day = [at.getFullYear(), pad(at.getMonth() + 1), pad(at.getDate())].join('-');
  return `${day}T${pad(at.getHours())}:${pad(at.getMinutes())}`;
}

const isTime = (text: string): boolean => !Number.isNaN(Date.parse(text));
const typesOf = (text: string): string[] => text.split(/[\s,]+/).filter((one) => one !== '');

function objectOf(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** Finds what the API could not be asked at all. What it can judge is left to it. */
export function checkReplay(values: ReplayValues, texts: FaultTexts): Faults {
  const faults = new Map<string, string>();
  if (!isTime(values.from)) faults.set('from', texts.from);
  if (values.to !== '' && !isTime(values.to)) faults.set('to', texts.time);
  if (values.target === 'subscription' && values.subscription_id.trim() === '')
    faults.set('subscription_id', texts.subscription);
  if (values.filter.trim() !== '' && objectOf(values.filter) === null) faults.set('filter', texts.filter);
  if (values.rate.trim() !== '' && !/^\d+$/.test(values.rate.trim())) faults.set('rate', texts.rate);
  return faults;
}

/** Returns the request of values that {@link checkReplay} finds no fault with. */
export function replayRequest(values: ReplayValues): ReplayRequest {
  const { target, to, as_new, hold_live } = values;
  const types = typesOf(values.types);
  const filter = values.filter.trim() === '' ? null : objectOf(values.filter);
  const rate = values.rate.trim();
  const isOne = target === 'subscription';
  return {
    from: new Date(values.from).toISOString(),
    ...(to === '' ? {} : { to: new Date(to).toISOString() }),
    ...(types.length === 0 ? {} : { types }),
    ...(filter === null ? {} : { filter }),
    target: isOne ? { subscription_id: values.subscription_id.trim() } : { [target]: true as const },
    ...(as_new && target !== 'missing' ? { as_new } : {}),
    ...(hold_live && isOne ? { hold_live } : {}),
    ...(rate === '' ? {} : { rate_per_second: Number(rate) }),
  };
}
