/** The states of a scanner between two bytes. From `minus` to `power`: within a number. */
export const states = {
  value: 0,
  firstItem: 1,
  firstKey: 2,
  key: 3,
  colon: 4,
  after: 5,
  text: 6,
  escape: 7,
  hex: 8,
  minus: 9,
  zero: 10,
  digits: 11,
  point: 12,
  fraction: 13,
  exponent: 14,
  sign: 15,
  power: 16,
  literal: 17,
} as const;

/** Returns true for a decimal digit. */
export const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;

/** Returns true for a hexadecimal digit. */
export const isHex = (byte: number): boolean =>
  isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);

/** Returns true for a state in which a number may end. */
export const isEndOfNumber = (state: number): boolean =>
  state === states.zero || state === states.digits || state === states.fraction || state === states.power;

/** Returns the state of a number after a byte; null if the byte is no part of it. */
export function followingInNumber(state: number, byte: number): number | null {
  if (isDigit(byte)) {
    if (state === states.minus) return byte === 0x30 ? states.zero : states.digits;
    if (state === states.digits) return states.digits;
    if (state === states.point || state === states.fraction) return states.fraction;
    return state === states.zero ? null : states.power;
  }
  const isWhole = state === states.zero || state === states.digits;
  if (byte === 0x2e && isWhole) return states.point;
  if ((byte === 0x65 || byte === 0x45) && (isWhole || state === states.fraction)) return states.exponent;
  return (byte === 0x2b || byte === 0x2d) && state === states.exponent ? states.sign : null;
}
