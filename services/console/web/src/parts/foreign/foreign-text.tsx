import { visibleText } from './visible-text.ts';

/** A text of somebody else in a line: isolated from the direction of what is around it, and never markup. */
export function ForeignText({ children }: Readonly<{ children: string }>) {
  return <bdi>{visibleText(children)}</bdi>;
}
