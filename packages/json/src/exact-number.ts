const zero = 0x30;
const maxPlainDigits = 15;

// Larger exponents all compare alike here: no double comes near them.
const exponentBound = 1e15;

/** A decimal number: `digits` × 10^`exponent`, without zeros at either end of `digits`, which is empty for zero. */
type Decimal = Readonly<{ isNegative: boolean; digits: string; exponent: number }>;

const numberParts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/;

// With loops: regular expressions that trim zeros take quadratic time for a number of 100,000 digits.
function decimalOf(token: string): Decimal {
  const [, sign = '', whole = '0', fraction = '', power = '0'] = numberParts.exec(token) ?? [];
  const all = whole + fraction;
  let start = 0;
  while (start < all.length && all.charCodeAt(start) === zero) start += 1;
  let end = all.length;
  while (end > start && all.charCodeAt(end - 1) === zero) end -= 1;
  const given = Math.max(-exponentBound, Math.min(exponentBound, Number(power)));
  const exponent = given - fraction.length + (all.length - end);
  const digits = all.slice(start, end);
  return { isNegative: sign === '-' && digits !== '', digits, exponent: digits === '' ? 0 : exponent };
}

const order = (a: number | string, b: number | string): number => (a < b ? -1 : a > b ? 1 : 0);

function compareMagnitudes(a: Decimal, b: Decimal): number {
  if (a.digits === '' || b.digits === '') return order(a.digits.length, b.digits.length);
  const byLength = order(a.digits.length + a.exponent, b.digits.length + b.exponent);
  // As texts: no digits end in a zero, so of two with the same beginning the longer is the larger.
  return byLength || order(a.digits, b.digits);
}

function compareDecimals(a: Decimal, b: Decimal): number {
  if (a.isNegative !== b.isNegative) return a.isNegative ? -1 : 1;
  return a.isNegative ? compareMagnitudes(b, a) : compareMagnitudes(a, b);
}

/**
 * Returns true if a double holds the number `token` (a JSON number): parsing and serialising yields the same decimal
 * number. `0.1` and `1.0` are held, `9007199254740993` and `1e400` are not.
 */
export function isHeldExactly(token: string): boolean {
  if (token.length <= maxPlainDigits && !/[eE]/.test(token)) return true;
  const number = Number(token);
  return Number.isFinite(number) && compareDecimals(decimalOf(token), decimalOf(String(number))) === 0;
}

/** A JSON number that no double holds, kept as written. See {@link isHeldExactly}. */
export class ExactNumber {
  readonly #decimal: Decimal;
  readonly #text: string;
  readonly #nearest: number;

  /** `token`: a JSON number. */
  constructor(token: string) {
    this.#text = token;
    this.#decimal = decimalOf(token);
    this.#nearest = Number(token);
  }

  /**
   * Returns a number below 0 if it is less than `other`, above 0 if it is more, and 0 only for an equal ExactNumber.
   */
  compare(other: number | ExactNumber): number {
    if (other instanceof ExactNumber) return compareDecimals(this.#decimal, other.#decimal);
    // Rounding keeps the order, so the digits matter only if the rounded number equals the other.
    return order(this.#nearest, other) || compareDecimals(this.#decimal, decimalOf(String(other)));
  }

  get isInteger(): boolean {
    return this.#decimal.exponent >= 0;
  }

  /**
   * Returns true for a multiple of `divisor`, which must be above 0. Takes time linear in the digits, whatever the
   * exponent.
   */
  isMultipleOf(divisor: number): boolean {
    const by = decimalOf(String(divisor));
    const shift = this.#decimal.exponent - by.exponent;
    // Its digits do not end in a zero, so they are no multiple of a power of ten.
    if (shift < 0) return false;
    const modulus = BigInt(by.digits);
    const rest = remainder(this.#decimal.digits, modulus) * powerOfTen(shift, modulus);
    return rest % modulus === 0n;
  }

  /** The same text for equal numbers, and different from the text of any number that a double holds. */
  get canonical(): string {
    const { isNegative, digits, exponent } = this.#decimal;
    return `${isNegative ? '-' : ''}${digits}e${exponent}`;
  }

  /** Returns the number as written. */
  toString(): string {
    return this.#text;
  }
}

const chunk = 15;

function remainder(digits: string, modulus: bigint): bigint {
  let rest = 0n;
  for (let at = 0; at < digits.length; at += chunk) {
    const part = digits.slice(at, at + chunk);
    rest = (rest * 10n ** BigInt(part.length) + BigInt(part)) % modulus;
  }
  return rest;
}

function powerOfTen(exponent: number, modulus: bigint): bigint {
  let result = 1n % modulus;
  let factor = 10n % modulus;
  for (let left = BigInt(exponent); left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * factor) % modulus;
    factor = (factor * factor) % modulus;
  }
  return result;
}
