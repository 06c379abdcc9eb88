/**
 * Returns the PEM without blanks (and byte order mark) at the beginning and end of its lines. OpenSSL recognizes a block only
 * by a marker at the beginning of a line (RFC 7468 section 3), and ignores an indented authority without an error.
 */
export const withoutIndent = (pem: string): string => pem.replace(/^[^\S\r\n]+|[^\S\r\n]+$/gm, '');
