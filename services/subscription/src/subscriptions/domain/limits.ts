/** All limits on caller input. */
export const limits = {
  descriptionLength: 1_000,
  endpointUrlLength: 2_048,
  events: 200,
  headers: 20,
  retrySteps: 20,
  retryTotalSeconds: 7 * 24 * 3_600,
  ratePerSecond: 10_000,
  burst: 100_000,
  overlapSeconds: { max: 7 * 24 * 3_600 },
  /** Maximum number of secrets that sign at one time; more would only enlarge the signature header. */
  signingSecrets: 5,
  reasonLength: 200,
  /** Maximum length of PEM, in characters: about ten certificates. */
  certificatesLength: 16_384,
  keyLength: 8_192,
} as const;
