import { expect, it } from 'vitest';
import { withTlsRemedy } from './tls-problem.ts';

it.each([
  [
    'Connection error: 807C7F96167F0000:error:0A000412:SSL routines:ssl3_read_bytes:sslv3 alert bad certificate:../deps/openssl/openssl/ssl/record/rec_layer_s3.c:1601:SSL alert number 42\n',
    'Connection error: sslv3 alert bad certificate: set KAFKA_CERT_FILE and KAFKA_KEY_FILE to',
  ],
  [
    'Connection error: 00:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../s.c:355:\n',
    'Connection error: wrong version number: the listener has no TLS: change KAFKA_SECURITY_PROTOCOL',
  ],
  [
    'Connection error: self-signed certificate in certificate chain',
    'Connection error: self-signed certificate in certificate chain: set KAFKA_CA_FILE to',
  ],
  ['Connection error: unable to verify the first certificate', ': set KAFKA_CA_FILE to'],
  [
    "Connection error: Hostname/IP does not match certificate's altnames: IP: 127.0.0.2 is not in the cert's list: ",
    ': set KAFKA_SERVER_NAME to a name',
  ],
])('an error of TLS tells which setting to change: %j', (message, told) => {
  expect(withTlsRemedy(message)).toContain(told);
});

it('another error is as it was', () => {
  const message = 'Connection error: connect ECONNREFUSED 127.0.0.1:9092';
  expect(withTlsRemedy(message)).toBe(message);
});
