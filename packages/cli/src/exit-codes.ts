/** What the command ends with; listed in its README and in `tidings --help`. */
export const exitCodes = {
  done: 0,
  /** The API refused (4xx), or a test delivery failed. */
  refused: 1,
  /** The command line, or a file it names, makes no sense. */
  usage: 2,
  /** No answer, 429 or 5xx: the same command may work later. */
  unavailable: 3,
  /** It is not known where the API is, or with which key. */
  noTarget: 4,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

/** An end of the command that is told in words, never with a stack. */
export class CommandFailed extends Error {
  readonly exitCode: number;
  /** Of the API's answer; undefined when there was none. */
  readonly status: number | undefined;

  constructor(exitCode: number, message: string, status?: number) {
    super(message);
    this.name = 'CommandFailed';
    this.exitCode = exitCode;
    this.status = status;
  }
}
