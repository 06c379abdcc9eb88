// kafkajs keeps only the message of an error of a socket, where OpenSSL has its reason within addresses and lines of its
// source.
const opensslMessage = /[0-9A-F]+:error:[0-9A-F]+:[^:]*:[^:]*:([^:]+):.*/s;

const remedies: readonly Readonly<{ reasons: RegExp; remedy: string }>[] = [
  {
    reasons:
      /self-signed certificate|unable to get (?:local )?issuer certificate|unable to verify the first certificate|certificate signature failure/,
    remedy: 'set KAFKA_CA_FILE to a file with the authority that has signed the certificates of the brokers',
  },
  {
    reasons: /does not match certificate's altnames/,
    remedy: 'set KAFKA_SERVER_NAME to a name that the certificates of the brokers have',
  },
  {
    reasons: /alert (?:bad certificate|certificate (?:unknown|required)|unknown ca|handshake failure)/,
    remedy:
      'set KAFKA_CERT_FILE and KAFKA_KEY_FILE to a certificate, of an authority that the brokers trust, and its private key',
  },
  {
    reasons: /wrong version number|packet length too long/,
    remedy: 'the listener has no TLS: change KAFKA_SECURITY_PROTOCOL, or the port in KAFKA_BROKERS',
  },
];

/** Returns the message of an error; where TLS is its reason, with the setting to change. */
export function withTlsRemedy(message: string): string {
  const found = remedies.find(({ reasons }) => reasons.test(message));
  return found === undefined ? message : `${message.replace(opensslMessage, '$1')}: ${found.remedy}`;
}
