import de.bwaldvogel.mongo.backend.Missing;
import de.bwaldvogel.mongo.bson.Decimal128;
import de.bwaldvogel.mongo.bson.ObjectId;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;

/**
 * Writes values as bytes that sort as MongoDB sorts the values. Each value begins with the tag of its type and shows
 * where it ends, so no value is the beginning of another, and inverted bytes sort in the opposite order.
 */
final class KeyBytes {

    /** The types in MongoDB's order. Missing values are stored as null: queries for null find both. */
    private static final byte NULL = 0x10;
    private static final byte NUMBER = 0x20;
    static final byte STRING = 0x30;
    private static final byte OBJECT_ID = 0x40;
    private static final byte BOOLEAN = 0x50;
    private static final byte DATE = 0x60;

    private static final byte END = 0;
    /** Precedes the characters 0 and 1, plus one: 0 ends a string. */
    private static final byte ESCAPE = 1;
    private static final int EIGHT = Long.BYTES;

    private byte[] bytes = new byte[160];
    private int size;

    KeyBytes raw(int value) {
        ensure(1);
        bytes[size++] = (byte) value;
        return this;
    }

    KeyBytes raw(byte[] more) {
        ensure(more.length);
        System.arraycopy(more, 0, bytes, size, more.length);
        size += more.length;
        return this;
    }

    KeyBytes raw(long value) {
        ensure(EIGHT);
        for (int shift = Long.SIZE - Byte.SIZE; shift >= 0; shift -= Byte.SIZE) {
            bytes[size++] = (byte) (value >>> shift);
        }
        return this;
    }

    /** Appends a value; returns false for one whose order is not supported here, such as a list. */
    boolean value(Object value, boolean ascending) {
        int start = size;
        if (value instanceof String text) {
            raw(STRING);
            text(text);
            raw(END);
        } else if (Missing.isNullOrMissing(value)) {
            raw(NULL);
        } else if (value instanceof Instant time) {
            raw(DATE).raw(time.toEpochMilli() ^ Long.MIN_VALUE);
        } else if (value instanceof Boolean flag) {
            raw(BOOLEAN).raw(flag ? 1 : 0);
        } else if (value instanceof ObjectId id) {
            raw(OBJECT_ID).raw(id.toByteArray());
        } else if (value instanceof Number number && !(value instanceof Decimal128) && isExact(number)) {
            long bits = Double.doubleToLongBits(number.doubleValue() + 0.0);
            raw(NUMBER).raw(bits < 0 ? ~bits : bits ^ Long.MIN_VALUE);
        } else {
            return false;
        }
        if (!ascending) {
            invert(bytes, start, size);
        }
        return true;
    }

    byte[] toBytes() {
        return Arrays.copyOf(bytes, size);
    }

    /** Returns the bytes of a value in ascending order, or null. */
    static byte[] of(Object value) {
        KeyBytes key = new KeyBytes();
        return key.value(value, true) ? key.toBytes() : null;
    }

    static byte[] inverted(byte[] bytes) {
        byte[] inverted = bytes.clone();
        invert(inverted, 0, inverted.length);
        return inverted;
    }

    static byte[] concat(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }

    /** Returns the first bytes behind all that begin with a prefix. */
    static byte[] behind(byte[] prefix) {
        int length = prefix.length;
        while (prefix[length - 1] == -1) {
            length -= 1;
        }
        byte[] behind = Arrays.copyOf(prefix, length);
        behind[length - 1] += 1;
        return behind;
    }

    static boolean isNull(byte[] key, int start, boolean ascending) {
        return (byte) (ascending ? key[start] : ~key[start]) == NULL;
    }

    /** Returns the position behind the value that starts at another. */
    static int endOf(byte[] key, int start, boolean ascending) {
        int flip = ascending ? 0 : 0xFF;
        return switch ((byte) (key[start] ^ flip)) {
            case NULL -> start + 1;
            case BOOLEAN -> start + 2;
            case OBJECT_ID -> start + 13;
            case STRING -> {
                int at = start + 1;
                while ((byte) (key[at] ^ flip) != END) {
                    at += 1;
                }
                yield at + 1;
            }
            default -> start + 1 + EIGHT;
        };
    }

    /** Returns the string whose value starts at a position of a key. */
    static String stringAt(byte[] key, int start, boolean ascending) {
        int end = endOf(key, start, ascending) - 1;
        byte[] text = Arrays.copyOfRange(key, start + 1, end);
        if (!ascending) {
            invert(text, 0, text.length);
        }
        if (hasEscaped(text)) {
            return decoded(text);
        }
        return new String(text, StandardCharsets.ISO_8859_1);
    }

    private static boolean isExact(Number number) {
        double value = number.doubleValue();
        return !Double.isNaN(value) && (!(number instanceof Long) || (long) value == number.longValue() && value < 0x1p63);
    }

    private static void invert(byte[] bytes, int start, int end) {
        for (int i = start; i < end; i++) {
            bytes[i] = (byte) ~bytes[i];
        }
    }

    private void text(String text) {
        byte[] simple = text.getBytes(StandardCharsets.UTF_8);
        if (simple.length == text.length() && !hasEscaped(simple)) {
            raw(simple);
        } else {
            units(text);
        }
    }

    private static boolean hasEscaped(byte[] ascii) {
        for (byte unit : ascii) {
            if (unit <= ESCAPE) {
                return true;
            }
        }
        return false;
    }

    /** Writes each UTF-16 unit by itself, since that is how Java compares strings. */
    private void units(String text) {
        int length = text.length();
        ensure(3 * length);
        for (int i = 0; i < length; i++) {
            char unit = text.charAt(i);
            if (unit <= ESCAPE) {
                bytes[size++] = ESCAPE;
                bytes[size++] = (byte) (unit + 1);
            } else if (unit < 0x80) {
                bytes[size++] = (byte) unit;
            } else if (unit < 0x800) {
                bytes[size++] = (byte) (0xC0 | unit >> 6);
                bytes[size++] = (byte) (0x80 | unit & 0x3F);
            } else {
                bytes[size++] = (byte) (0xE0 | unit >> 12);
                bytes[size++] = (byte) (0x80 | unit >> 6 & 0x3F);
                bytes[size++] = (byte) (0x80 | unit & 0x3F);
            }
        }
    }

    private static String decoded(byte[] text) {
        StringBuilder decoded = new StringBuilder(text.length);
        for (int at = 0; at < text.length; at++) {
            int first = text[at] & 0xFF;
            if (first == ESCAPE) {
                decoded.append((char) (text[++at] - 1));
            } else if (first < 0x80) {
                decoded.append((char) first);
            } else if (first < 0xE0) {
                decoded.append((char) ((first & 0x1F) << 6 | text[++at] & 0x3F));
            } else {
                decoded.append((char) ((first & 0x0F) << 12 | (text[++at] & 0x3F) << 6 | text[++at] & 0x3F));
            }
        }
        return decoded.toString();
    }

    private void ensure(int more) {
        if (size + more > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, size + more));
        }
    }
}
