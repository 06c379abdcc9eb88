/** A value that is JSON text already, such as the data of an event: it is written digit for digit. */
export class RawJson {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const lineBreaks = /[\r\n]+/g;

/** Returns the JSON of a row on one line. A line break in JSON text is white space between its tokens. */
export const jsonLine = (row: object): string => {
  const members = Object.entries(row).map(([name, value]: [string, unknown]) => {
    const text = value instanceof RawJson ? value.text.replaceAll(lineBreaks, ' ') : JSON.stringify(value);
    return `${JSON.stringify(name)}:${text}`;
  });
  return `{${members.join(',')}}\n`;
};
