/** Parts of a Kafka record that a message occupies; the kafka package adds topic and partition. */
export type WireRecord = Readonly<{
  key: string | null;
  headers: Readonly<Record<string, string>>;
  value: Buffer | null;
}>;

/** Error for a record that is not a valid message of its topic. `detail` describes the error, for operators. */
export class DecodeError extends Error {
  readonly detail: string;

  constructor(message: string, detail: string) {
    super(`${message}: ${detail}`);
    this.name = 'DecodeError';
    this.detail = detail;
  }
}
