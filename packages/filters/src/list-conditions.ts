import { pointerPart } from '@tidings/json';
import { type Fields, isOperators } from './compile-filter.ts';

/** One condition of a filter: its position (RFC 6901), its path, and its operator (`$eq` for a plain value). */
export type FilterCondition = Readonly<{ pointer: string; path: string; operator: string; operand: unknown }>;

function fromOperators(path: string, condition: Fields, pointer: string): FilterCondition[] {
  return Object.entries(condition).flatMap(([operator, operand]) => {
    const at = `${pointer}/${operator}`;
    return operator === '$not'
      ? fromOperators(path, operand as Fields, at)
      : [{ pointer: at, path, operator, operand }];
  });
}

/** Lists every condition of a filter that `checkFilter` accepts, those in combinations and negations included. */
export function listConditions(filter: Fields, pointer = ''): readonly FilterCondition[] {
  return Object.entries(filter).flatMap(([name, value]): readonly FilterCondition[] => {
    const at = `${pointer}/${pointerPart(name)}`;
    if (name === '$not') return listConditions(value as Fields, at);
    if (name.startsWith('$')) {
      return (value as readonly Fields[]).flatMap((inner, i) => listConditions(inner, `${at}/${i}`));
    }
    if (isOperators(value)) return fromOperators(name, value, at);
    return [{ pointer: at, path: name, operator: '$eq', operand: value }];
  });
}
