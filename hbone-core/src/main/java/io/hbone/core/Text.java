package io.hbone.core;

/** Small text helpers of this package. Everything here is ASCII and independent of the default locale. */
final class Text {
    /** How much of a peer's text an error message repeats, in characters. */
    private static final int MAX_QUOTED = 100;

    private Text() {}

    /**
     * Quotes what may come from a stranger for an error message: what is not printable ASCII is escaped, because
     * messages end up in logs, and what is long is cut.
     */
    static String quote(CharSequence text) {
        int length = text.length();
        int shown = Math.min(length, MAX_QUOTED);
        StringBuilder out = new StringBuilder(shown + 32).append('"');
        for (int i = 0; i < shown; i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (isPrintable(c)) {
                out.append(c);
            } else {
                out.append("\\u");
                appendHex(out, c, 4);
            }
        }
        out.append('"');
        if (shown < length) {
            out.append("... (").append(length).append(" characters)");
        }
        return out.toString();
    }

    /** Whether {@code c} is one of the 95 characters from space to tilde. */
    static boolean isPrintable(char c) {
        return c >= ' ' && c <= '~';
    }

    static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    static boolean isLower(char c) {
        return c >= 'a' && c <= 'z';
    }

    static boolean isUpper(char c) {
        return c >= 'A' && c <= 'Z';
    }

    static char toLower(char c) {
        return isUpper(c) ? (char) (c + ('a' - 'A')) : c;
    }

    /** The value of a hexadecimal digit of either case, or -1. */
    static int hexDigit(char c) {
        if (isDigit(c)) {
            return c - '0';
        }
        char lower = toLower(c);
        return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
    }

    /** Appends the lowest {@code digits} hexadecimal digits of {@code value}, in lower case. */
    static void appendHex(StringBuilder out, long value, int digits) {
        for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) {
            out.append(Character.forDigit((int) (value >>> shift) & 0xf, 16));
        }
    }

    /** Whether {@code text} has {@code prefix}, which is in lower case, at {@code from}, in whatever case. */
    static boolean startsWithIgnoreCase(CharSequence text, int from, int to, String prefix) {
        if (to - from < prefix.length()) {
            return false;
        }
        for (int i = 0; i < prefix.length(); i++) {
            if (toLower(text.charAt(from + i)) != prefix.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** Where {@code c} is first found in {@code text} from {@code from}, or {@code to} when it is not before that. */
    static int indexOf(CharSequence text, char c, int from, int to) {
        for (int i = from; i < to; i++) {
            if (text.charAt(i) == c) {
                return i;
            }
        }
        return to;
    }

    /**
     * The first place in {@code text} from {@code from} that is not optional white space (RFC 9110 section 5.6.3), or
     * {@code to}.
     */
    static int skipSpace(CharSequence text, int from, int to) {
        int at = from;
        while (at < to && isSpace(text.charAt(at))) {
            at++;
        }
        return at;
    }

    /** Where {@code text} from {@code from} to {@code to} ends when the optional white space at its end is left out. */
    static int trimSpace(CharSequence text, int from, int to) {
        int at = to;
        while (at > from && isSpace(text.charAt(at - 1))) {
            at--;
        }
        return at;
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c == '\t';
    }

    /**
     * The port number that {@code text} spells from {@code from} to {@code to}, or -1. Only digits and no leading zero:
     * {@code +80} and {@code 080}, which the parsers that stock ztunnel builds on take, are no ports.
     */
    static int port(CharSequence text, int from, int to) {
        int length = to - from;
        if (length < 1 || length > 5 || text.charAt(from) == '0') {
            return -1;
        }
        int port = 0;
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            if (!isDigit(c)) {
                return -1;
            }
            port = port * 10 + (c - '0');
        }
        return port <= 65_535 ? port : -1;
    }
}
