/** A failure of the command that is reported as a message, without a stack trace. */
export class CommandFailed extends Error {
  readonly exitCode: number;
  /** The status of the API's response; undefined if there was none. */
  readonly status: number | undefined;

  constructor(exitCode: number, message: string, status?: number) {
    super(message);
    this.name = 'CommandFailed';
    this.exitCode = exitCode;
    this.status = status;
  }
}
