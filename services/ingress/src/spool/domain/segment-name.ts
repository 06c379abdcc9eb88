/** A file of the spool: its number, which orders it, and the salt of the checksums in it. */
export type SegmentName = Readonly<{ name: string; number: number; salt: string }>;

const pattern = /^(\d{12})-([0-9a-f]{16})\.log$/;

/** Returns the name of a segment. `salt`: 16 hex digits. */
export const segmentName = (number: number, salt: string): SegmentName => ({
  name: `${String(number).padStart(12, '0')}-${salt}.log`,
  number,
  salt,
});

/** Returns the parts of a file name; undefined for any other file. */
export function parseSegmentName(name: string): SegmentName | undefined {
  const [, digits, salt] = pattern.exec(name) ?? [];
  return digits === undefined || salt === undefined ? undefined : segmentName(Number(digits), salt);
}
