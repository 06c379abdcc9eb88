import { describe, expect, it } from 'vitest';
import { chatBody, noticeUrlFault } from './notice.ts';

const telegram = 'https://api.telegram.org/bot123:SECRET/sendMessage?chat_id=-100200';

describe('the body of a text for people', () => {
  it('has the chat of the URL for Telegram, and a text of a length that it takes', () => {
    expect(JSON.parse(chatBody({ url: telegram, style: 'telegram' }, 'it failed'))).toEqual({
      chat_id: '-100200',
      text: 'it failed',
    });
    const { text } = JSON.parse(chatBody({ url: telegram, style: 'telegram' }, 'x'.repeat(5_000))) as {
      text: string;
    };
    expect(text).toHaveLength(4_096);
  });

  it('has only the text for other chats', () => {
    expect(chatBody({ url: 'https://chat.example/hook', style: 'slack' }, 'it failed')).toBe(
      '{"text":"it failed"}',
    );
  });
});

describe('the URL of Telegram', () => {
  it('is accepted with a chat, also on a server of one’s own', () => {
    expect(noticeUrlFault(telegram, 'telegram')).toBeNull();
    expect(noticeUrlFault('http://127.0.0.1:8081/bot1:a/sendMessage?chat_id=@ops', 'telegram')).toBeNull();
  });

  it.each([
    'https://api.telegram.org/bot123:SECRET/sendMessage',
    'https://api.telegram.org/bot123:SECRET/sendMessage?chat_id=',
    'https://api.telegram.org/bot123:SECRET/getMe?chat_id=1',
    'SECRET',
  ])('is refused as %s, without the token in the text', (url) => {
    const fault = noticeUrlFault(url, 'telegram');
    expect(fault).toContain('chat_id=<chat>');
    expect(fault).not.toContain('SECRET');
    expect(noticeUrlFault(url, 'slack')).toBeNull();
  });
});
