import { catalogue } from '../../texts/index.ts';
import type { JsonFaultCode } from './json-text.ts';

const faults: Readonly<Record<JsonFaultCode, (found: string) => string>> = {
  character: (found) => `${found} cannot stand here: expected a value`,
  comment: () => 'JSON has no comments',
  control: () => 'a line break in a string is written as \\n',
  deep: () => 'this is nested too deeply',
  end: () => 'the text ends here, but something is still open',
  escape: () => 'a backslash must be followed by one of " \\ / b f n r t u',
  inexact: (found) => `${found} would be rounded: write it as a string, or with fewer digits`,
  more: (found) => `${found} follows after the end of the value`,
  name: (found) => `expected a name in double quotes, got ${found}`,
  number: (found) => `${found} is not a number in JSON`,
  quote: (found) => `${found} must be in double quotes to be text`,
  repeated: () => 'this name is already used in the same object',
  separator: (found) => `expected a comma, a colon or the end before ${found}`,
  trailing: () => 'nothing follows this comma: remove it',
};

/** The texts of the JSON editor. */
export const texts = catalogue({
  en: {
    faults,
    column: (column: number) => `column ${column}`,
    format: 'Format',
    line: (line: number) => `Line ${line}`,
  },
});
