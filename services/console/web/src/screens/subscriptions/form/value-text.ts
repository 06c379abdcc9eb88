import { visibleText } from '../../../parts/foreign/visible-text.ts';
import { texts } from '../texts.ts';
import type { Values } from './values.ts';

/** Returns a value of the form in a line, without what is secret. */
export const valueText = (name: keyof Values, values: Values): string =>
  visibleText(lineOf(name, values)) || '–';

function lineOf(name: keyof Values, values: Values): string {
  const value = values[name];
  if (typeof value === 'string') return value;
  if (name === 'events') return values.events.join(', ');
  if (name === 'filters') return values.filters == null ? '' : JSON.stringify(values.filters);
  if (name === 'headers') {
    return values.headers
      .map((row) => `${row.name}: ${row.isSecret ? texts.facts.maskedHeader : row.value}`)
      .join(', ');
  }
  const { per_second, burst } = values.rate_limit;
  return name === 'rate_limit' ? [per_second, burst].filter((one) => one !== '').join(', ') : '';
}
