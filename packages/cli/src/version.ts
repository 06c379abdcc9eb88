/** The version of this package: that of its package.json, held to it by a test. */
export const version = '0.1.0';
