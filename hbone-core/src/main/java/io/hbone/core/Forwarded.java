package io.hbone.core;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * For whom a tunnel is asked, in the header {@code forwarded} (RFC 7239, spec/ztunnel.md 2.1 and 2.2). Not proven: for
 * metrics and logs.
 *
 * @param client the application's socket, {@code for}; resolved, with a port; null when it is not known
 * @param host the host name of the service that was meant, {@code host}; null when it is not known
 */
public record Forwarded(
        @Nullable InetSocketAddress client, @Nullable String host) {
    /** Says nothing. */
    public static final Forwarded NONE = new Forwarded(null, null);

    /** A longer header is not read, in characters. */
    public static final int MAX_LENGTH = 8192;

    private static final String FOR = "for=";
    private static final String HOST = "host=";

    /** @throws IllegalArgumentException when {@code client} is unresolved or has port 0, or {@code host} is empty */
    public Forwarded {
        if (client != null && (client.isUnresolved() || client.getPort() == 0)) {
            throw new IllegalArgumentException(
                    "client: " + Text.quote(client.toString()) + " (expected: resolved, and a port)");
        }
        if (host != null && host.isEmpty()) {
            throw new IllegalArgumentException("host: empty (expected: a host name, or null)");
        }
    }

    /**
     * Reads a peer's header; never throws for what it holds. Of several hops the first is read, as it saw the client.
     * What is missing, not printable ASCII or otherwise unreadable is null; {@code for} is read when it is an IP
     * address with a port.
     *
     * @param header the header's value; null reads as {@link #NONE}
     */
    public static Forwarded parse(@Nullable CharSequence header) {
        if (header == null || header.length() > MAX_LENGTH) {
            return NONE;
        }
        InetSocketAddress client = null;
        String host = null;
        int length = header.length();
        int start = 0;
        while (start < length) {
            int end = elementEnd(header, start, length);
            int from = Text.skipSpace(header, start, end);
            int to = Text.trimSpace(header, from, end);
            if (client == null && Text.startsWithIgnoreCase(header, from, to, FOR)) {
                client = socketAddress(unquoted(header, from + FOR.length(), to));
            } else if (host == null && Text.startsWithIgnoreCase(header, from, to, HOST)) {
                host = unquoted(header, from + HOST.length(), to);
            }
            if (end < length && header.charAt(end) == ',') {
                break;
            }
            start = end + 1;
        }
        return client == null && host == null ? NONE : new Forwarded(client, host);
    }

    /**
     * The header's value: {@code for="IP:PORT"}, an IPv6 address in brackets, then {@code ;host=name}, without what is
     * null. A host that would not be read back as it is, for example with a semicolon in it, is left out as well: what
     * a control plane calls a service must neither fail a connection nor forge an element.
     *
     * @return empty when there is nothing to say
     */
    public String header() {
        StringBuilder out = new StringBuilder(96);
        InetAddress address = client == null ? null : client.getAddress();
        if (client != null && address != null) {
            String ip = IpLiteral.format(address.getAddress());
            boolean v6 = ip.indexOf(':') >= 0;
            out.append(FOR).append('"').append(v6 ? "[" : "").append(ip).append(v6 ? "]:" : ":");
            out.append(client.getPort()).append('"');
        }
        if (host != null && isHost(host, 0, host.length())) {
            out.append(out.length() > 0 ? ";" : "").append(HOST).append(host);
        }
        return out.toString();
    }

    /**
     * Where the element that starts at {@code from} ends: at a semicolon or comma outside of quotes, or at {@code to}.
     */
    private static int elementEnd(CharSequence header, int from, int to) {
        boolean quoted = false;
        for (int i = from; i < to; i++) {
            char c = header.charAt(i);
            if (c == '"') {
                quoted = !quoted;
            } else if (!quoted && (c == ';' || c == ',')) {
                return i;
            }
        }
        return to;
    }

    /** The value without its quotes, or null when it is empty or not one that we write. */
    private static @Nullable String unquoted(CharSequence header, int from, int to) {
        boolean quotes = to - from >= 2 && header.charAt(from) == '"' && header.charAt(to - 1) == '"';
        int start = quotes ? from + 1 : from;
        int end = quotes ? to - 1 : to;
        return start < end && isHost(header, start, end)
                ? header.subSequence(start, end).toString()
                : null;
    }

    private static boolean isHost(CharSequence text, int from, int to) {
        for (int i = from; i < to; i++) {
            char c = text.charAt(i);
            if (c <= ' ' || c > '~' || c == '"' || c == '\\' || c == ';' || c == ',') {
                return false;
            }
        }
        return true;
    }

    private static @Nullable InetSocketAddress socketAddress(@Nullable String text) {
        if (text == null) {
            return null;
        }
        int colon = Authority.portColon(text);
        if (colon < 0) {
            return null;
        }
        boolean bracketed = text.charAt(0) == '[';
        int port = Text.port(text, colon + 1, text.length());
        InetAddress address = IpLiteral.parse(text, bracketed ? 1 : 0, bracketed ? colon - 1 : colon);
        return port < 0 || address == null ? null : new InetSocketAddress(address, port);
    }
}
