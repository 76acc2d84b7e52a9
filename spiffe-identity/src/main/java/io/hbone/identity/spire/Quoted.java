package io.hbone.identity.spire;

/** Text of others in messages that end up in logs. */
final class Quoted {
    private static final int MAX = 200;

    private Quoted() {}

    /** What is not printable ASCII becomes a question mark, and what is long is cut. */
    static String text(String text) {
        StringBuilder out = new StringBuilder("\"");
        for (int i = 0; i < Math.min(text.length(), MAX); i++) {
            char c = text.charAt(i);
            out.append(c < ' ' || c > '~' ? '?' : c);
        }
        return out.append(text.length() > MAX ? "\"..." : "\"").toString();
    }
}
