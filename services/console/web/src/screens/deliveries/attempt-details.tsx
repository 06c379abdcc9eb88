import type { Schemas } from '../../api/client.ts';
import { Exchange, ExchangeNote, ExchangePart } from '../../parts/delivery/exchange.tsx';
import { EventData } from '../../parts/foreign/event-data.tsx';
import { texts } from './texts.ts';

type Props = Readonly<{ attempt: Schemas['Attempt']; event: Schemas['EventDetail'] | undefined }>;

/** Shows what was sent, what came back, and how long each part took. */
export const AttemptDetails = ({ attempt, event }: Props) => (
  <Exchange
    label={texts.attempt(attempt.attempt)}
    exchange={attempt}
    body={
      <ExchangePart title={texts.eventData}>
        {event === undefined || event.data_status !== 'available' ? (
          <ExchangeNote>{event?.data_status === 'erased' ? texts.erasedData : texts.dataGone}</ExchangeNote>
        ) : (
          <>
            <EventData event={event} name={texts.eventData} />
            <ExchangeNote>{texts.bodyIsEvent}</ExchangeNote>
          </>
        )}
      </ExchangePart>
    }
  />
);
