// Most heads have none of these, and are not looked at any closer.
const oddLine =
  /(?<!\r)\n|\n[ \t]|[ \t]:|\ncontent-length:[^\r\n]*,|\ncontent-length:[\s\S]*\ncontent-length:/i;
const lengthAboveZero = /\ncontent-length:[ \t]*0*[1-9]|\ntransfer-encoding:/i;
const blankBeforeColon = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]+:/;
const lengthLine = /^content-length:/i;
const outerBlanks = /^[ \t]+|[ \t]+$/g;
const framingLine = /^(?:content-length|transfer-encoding):/i;

function isWithoutBody(status: number): boolean {
  return status === 204 || status === 304;
}

/** Lines without their ends, folded ones put together with a space (RFC 9112 section 5.2). */
function linesOf(head: string): string[] {
  const lines: string[] = [];
  // The last two ends are those of the head.
  for (const line of head.split(/\r?\n/).slice(0, -2)) {
    const isFolded = lines.length > 1 && /^[ \t]/.test(line);
    if (isFolded) lines.push(`${lines.pop() ?? ''} ${line.replace(outerBlanks, '')}`);
    else lines.push(line.replace(blankBeforeColon, '$1:'));
  }
  return lines;
}

/** The lines with one length where all that are given are equal. */
function withOneLength(lines: readonly string[]): readonly string[] {
  const lengths = lines
    .filter((line) => lengthLine.test(line))
    .flatMap((line) => line.slice(line.indexOf(':') + 1).split(','))
    .map((length) => length.trim());
  const [length = '', ...others] = lengths;
  const areEqual = /^\d+$/.test(length) && others.every((other) => other === length);
  if (others.length === 0 || !areEqual) return lines;
  return [...lines.filter((line) => !lengthLine.test(line)), `Content-Length: ${length}`];
}

/**
 * The head of a final answer as a strict parser takes it; the same text when there is nothing to mend. `head` ends with its
 * empty line.
 *
 * - A line may end in LF alone: RFC 9112 section 2.2 allows to take it.
 * - A folded line is one line: section 5.2 demands it of a client.
 * - Blanks between a name and its colon are left out: section 5.1 demands it of a proxy.
 * - Equal lengths are one: section 6.3 rule 5.
 * - 204 and 304 have no body, whatever their framing says: section 6.3 rule 1.
 *
 * What these rules do not make good stays for the parser to refuse.
 */
export function mendHead(head: string, status: number): string {
  const isFramed = isWithoutBody(status) && lengthAboveZero.test(head);
  if (!isFramed && !oddLine.test(head)) return head;
  const lines = linesOf(head);
  const kept = isWithoutBody(status) ? lines.filter((line) => !framingLine.test(line)) : withOneLength(lines);
  return `${kept.join('\r\n')}\r\n\r\n`;
}
