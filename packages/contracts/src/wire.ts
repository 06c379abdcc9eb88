/** The parts of a Kafka record that a message occupies; the kafka package adds topic and partition. */
export type WireRecord = Readonly<{
  key: string | null;
  headers: Readonly<Record<string, string>>;
  value: Buffer | null;
}>;

/** A record that is no valid message of its topic. `detail` says what is wrong, for operators. */
export class DecodeError extends Error {
  readonly detail: string;

  constructor(message: string, detail: string) {
    super(`${message}: ${detail}`);
    this.name = 'DecodeError';
    this.detail = detail;
  }
}
