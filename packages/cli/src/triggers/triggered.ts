/** The sent webhook or event, and the response. */
export type Triggered = Readonly<{
  type: string;
  sent_to: string;
  status: number;
  response: string;
  took_ms: number;
  event_id: string | null;
  headers: Readonly<Record<string, string>>;
  body: string;
}>;
