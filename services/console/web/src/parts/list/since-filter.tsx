import { texts } from '../../texts/index.ts';
import { SelectFilter } from './filter-bar.tsx';
import { type TimeRange, timeRanges } from './time-range.ts';

type Props = Readonly<{
  label: string;
  value: TimeRange | undefined;
  onChange: (next: TimeRange | undefined) => void;
}>;

/** The filter `since` of a list: a range of time that ends now, or any. */
export const SinceFilter = ({ label, value, onChange }: Props) => (
  <SelectFilter
    label={label}
    value={value}
    options={timeRanges}
    labelOf={(one) => texts.filters.ranges[one]}
    onChange={onChange}
  />
);
