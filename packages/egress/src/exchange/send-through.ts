import type { RequestOutcome } from '@tidings/contracts';
import { Axios, type AxiosAdapter, AxiosHeaders } from 'axios';
import type { Exchange } from './exchange.ts';

const noHeaders = new AxiosHeaders();

/**
 * Replaces axios's own transport by an exchange over undici. It always resolves: a failure of an endpoint is a value,
 * and the stack of a rejection would cost axios more than the request. The outcome, with its own status and headers, is
 * the response's `data`.
 */
function adapterOf(exchange: Exchange): AxiosAdapter {
  return (config) =>
    exchange.run().then((data) => ({ data, status: 200, statusText: '', headers: noHeaders, config }));
}

/**
 * Creates an axios instance from the bare class. It has none of axios's defaults: no redirects, no proxy variables, no
 * decompression and no transforms.
 */
export function createHttp(): Axios {
  return new Axios({});
}

/**
 * Sends one request through the instance. Never rejects. The config contains only the adapter, because axios copies,
 * checks and normalises every further key: URL, headers and body would cost as much there as the whole request does in
 * undici.
 */
export function sendThrough(http: Axios, exchange: Exchange): Promise<RequestOutcome> {
  return http.request<RequestOutcome>({ adapter: adapterOf(exchange) }).then(outcomeOf);
}

function outcomeOf({ data }: Readonly<{ data: RequestOutcome }>): RequestOutcome {
  return data;
}
