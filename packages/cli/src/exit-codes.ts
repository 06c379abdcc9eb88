/** Exit codes of the command, listed in its README and in `tidings --help`. */
export const exitCodes = {
  done: 0,
  /** The API refused the request (4xx), or a test delivery failed. */
  refused: 1,
  /** The command line, or a file that it names, is invalid. */
  usage: 2,
  /** No response, 429 or 5xx: the same command may succeed later. */
  unavailable: 3,
  /** The URL of the API or the key is missing. */
  noTarget: 4,
  /** Ctrl-C. */
  interrupted: 130,
} as const;
