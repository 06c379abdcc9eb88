/**
 * Formats of messages to a URL that people watch: notices to the owner of a workspace, alerts about failed runs. `json` is
 * the event itself, `slack` a text for chats with incoming webhooks (Slack, Mattermost, Discord's /slack), `telegram` a
 * text by the Bot API of Telegram.
 */
export const noticeStyles = ['json', 'slack', 'telegram'] as const;
/** See {@link noticeStyles}. */
export type NoticeStyle = (typeof noticeStyles)[number];

/** Target of a text for people. */
export type ChatTarget = Readonly<{ url: string; style: Exclude<NoticeStyle, 'json'> }>;

// Telegram refuses longer texts (https://core.telegram.org/bots/api#sendmessage).
const maxTelegramText = 4_096;

const chatIdOf = (url: string): string | null =>
  URL.canParse(url) ? new URL(url).searchParams.get('chat_id') : null;

/**
 * Returns why a URL cannot be used in a style; null if it can. A URL of Telegram is that of `sendMessage` with the chat:
 * `https://api.telegram.org/bot<token>/sendMessage?chat_id=<chat>`. The text never contains the URL, which has the token.
 */
export const noticeUrlFault = (url: string, style: NoticeStyle): string | null => {
  if (style !== 'telegram') return null;
  const isSendMessage = URL.canParse(url) && new URL(url).pathname.endsWith('/sendMessage');
  return isSendMessage && (chatIdOf(url) ?? '') !== ''
    ? null
    : 'must be https://api.telegram.org/bot<token>/sendMessage?chat_id=<chat> in the style telegram';
};

/** Returns the body of a message with a text, as JSON. Texts that are too long for Telegram are cut. */
export const chatBody = ({ url, style }: ChatTarget, text: string): string =>
  JSON.stringify(
    style === 'slack' ? { text } : { chat_id: chatIdOf(url), text: text.slice(0, maxTelegramText) },
  );
