import type { Schemas } from '../../api/client.ts';
import { LongData } from './long-data.tsx';

type Props = Readonly<{ event: Pick<Schemas['EventDetail'], 'data' | 'data_encoding'>; name: string }>;

/** The data of an event: JSON, or the bytes of what is no JSON. */
export function EventData({ event: { data, data_encoding }, name }: Props) {
  if (data_encoding === 'base64') return <LongData text={String(data)} encoding="base64" name={name} />;
  return <LongData text={JSON.stringify(data) ?? ''} name={name} />;
}
