import axios, {
  type AxiosAdapter,
  AxiosHeaders,
  type AxiosInstance,
  type InternalAxiosRequestConfig,
} from 'axios';
import type { Dispatcher } from 'undici';
import type { Exchange } from './exchange.ts';
import type { EgressOutcome } from './outcome.ts';

/** A request config of ours: the exchange carries what axios has no word for. */
type EgressConfig = InternalAxiosRequestConfig<Buffer> & { exchange?: Exchange };

const noHeaders = new AxiosHeaders();

/**
 * Replaces axios's own transport. It always resolves: an endpoint that fails is a value, and axios would spend more on
 * the stack of the rejection than the request costs. The outcome is the response's `data`.
 */
const undiciAdapter: AxiosAdapter = async (config: EgressConfig) => {
  const { exchange, method = 'post', headers, data } = config;
  if (exchange === undefined) throw new TypeError('this axios instance sends exchanges only');
  const outcome = await exchange.run({
    method: method.toUpperCase() as Dispatcher.HttpMethod,
    headers: headers.toJSON() as Record<string, string>,
    body: data as Buffer,
  });
  return {
    data: outcome,
    status: outcome.kind === 'response' ? outcome.status : 0,
    statusText: '',
    headers: noHeaders,
    config,
    request: exchange,
  };
};

/** An axios instance that speaks only through undici: no redirects, no proxy, no decompression, no transforms. */
export function createHttp(): AxiosInstance {
  const http = axios.create({
    adapter: undiciAdapter,
    transformRequest: [],
    transformResponse: [],
    validateStatus: null,
    maxRedirects: 0,
    proxy: false,
    decompress: false,
  });
  // axios would add an Accept and a Content-Type of its own.
  http.defaults.headers.common = {};
  return http;
}

/** One request through the instance. */
export async function sendThrough(
  http: AxiosInstance,
  exchange: Exchange,
  message: Readonly<{ url: string; method: string; headers: Readonly<Record<string, string>>; body: Buffer }>,
): Promise<EgressOutcome> {
  const config = { ...message, data: message.body, exchange };
  const response = await http.request<EgressOutcome>(config);
  return response.data;
}
