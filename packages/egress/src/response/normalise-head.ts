// Most heads have none of these and need no further check.
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

/** Returns lines without their ends; folded lines are joined with a space (RFC 9112 section 5.2). */
function linesOf(head: string): string[] {
  const lines: string[] = [];
  // The last two line ends belong to the head.
  for (const line of head.split(/\r?\n/).slice(0, -2)) {
    const isFolded = lines.length > 1 && /^[ \t]/.test(line);
    if (isFolded) lines.push(`${lines.pop() ?? ''} ${line.replace(outerBlanks, '')}`);
    else lines.push(line.replace(blankBeforeColon, '$1:'));
  }
  return lines;
}

/** Returns the lines with one content-length if all given ones are equal. */
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
 * Returns the head of a final response in the form that a strict parser accepts, or the same text if it is valid.
 * `head` ends with its empty line.
 *
 * - A line may end in LF alone: RFC 9112 section 2.2 allows a recipient to accept it.
 * - A folded line is joined: section 5.2 requires it of a client.
 * - White space between a name and its colon is removed: section 5.1 requires it of a proxy.
 * - Equal lengths are merged: section 6.3 rule 5.
 * - 204 and 304 have no body, regardless of framing: section 6.3 rule 1.
 *
 * The parser refuses all other faults.
 */
export function normaliseHead(head: string, status: number): string {
  const isFramed = isWithoutBody(status) && lengthAboveZero.test(head);
  if (!isFramed && !oddLine.test(head)) return head;
  const lines = linesOf(head);
  const kept = isWithoutBody(status) ? lines.filter((line) => !framingLine.test(line)) : withOneLength(lines);
  return `${kept.join('\r\n')}\r\n\r\n`;
}
