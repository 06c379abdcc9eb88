/** The reason why a process ended during its start, as a sentence without a full stop, and any further advice. */
export type EndCause = Readonly<{ cause: string; advice: string }>;

const damaged = 'If its data is damaged, move the data folder away or start with --data and another folder.';
const portTaken =
  'Stop the program that uses its port, or choose other ports with npm start -- --port-base N.';

/**
 * Finds the reason why the part `name` ended in its log. A service reports it in lines that begin with its name;
 * otherwise the newest line that names an error counts, which covers Java logs, pino's JSON lines and Node's own
 * stacks.
 */
export function endCauseOf(name: string, log: string): EndCause {
  const lines = log.split('\n');
  // A process with several services calls itself tidings.
  const reported = lines.flatMap((line) => {
    const by = [name, 'tidings'].find((one) => line.startsWith(`${one}: `));
    return by === undefined ? [] : [line.slice(by.length + 2)];
  });
  if (reported.length > 0) return { cause: reported.join('; '), advice: '' };
  const isError = /\b(ERROR|FATAL)\b|"level":("(error|fatal)"|50|60)|[A-Za-z]*(Error|Exception)\b/;
  const errors = lines.filter((line) => isError.test(line) && !line.startsWith('\tat '));
  const isPortTaken = /address already in use|EADDRINUSE/i.test(log);
  return {
    cause: textOf(errors.at(-1) ?? '')
      .slice(0, 600)
      .trim(),
    advice: isPortTaken ? portTaken : damaged,
  };
}

// A JSON line has its sentence in `detail`; the rest, above all the stack, is for readers of the log.
function textOf(line: string): string {
  if (!line.startsWith('{')) return line;
  try {
    const entry = JSON.parse(line) as Readonly<Record<string, unknown>>;
    return typeof entry['detail'] === 'string' ? entry['detail'] : line;
  } catch {
    // Truncated, or written by another program: shown unchanged.
    return line;
  }
}
