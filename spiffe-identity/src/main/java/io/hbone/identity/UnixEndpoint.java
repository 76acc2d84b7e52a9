package io.hbone.identity;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Where a program listens on this machine.
 *
 * @param path an absolute path of at most 107 bytes, which is all that the kernel takes
 */
public record UnixEndpoint(Path path) {
    /** unix(7): sun_path is 108 bytes with a zero at its end. */
    private static final int MAX_BYTES = 107;

    private static final String SCHEME = "unix:";

    /** @throws IllegalArgumentException when the path is relative or too long */
    public UnixEndpoint {
        if (!path.isAbsolute()) {
            throw new IllegalArgumentException("socket: \"" + path + "\" (expected: an absolute path)");
        }
        int bytes = path.toString().getBytes(StandardCharsets.UTF_8).length;
        if (bytes > MAX_BYTES) {
            throw new IllegalArgumentException(
                    "socket: \"" + path + "\", " + bytes + " bytes (expected: <= " + MAX_BYTES + ")");
        }
    }

    /**
     * Reads {@code unix:///run/a.sock}, {@code unix:/run/a.sock} or {@code /run/a.sock} (SPIFFE Workload Endpoint section 4).
     *
     * @throws IllegalArgumentException when it is none of these
     */
    public static UnixEndpoint parse(String text) {
        String path = text;
        if (text.startsWith(SCHEME)) {
            path = text.substring(SCHEME.length());
            if (path.startsWith("//")) {
                path = path.substring(2);
            }
        }
        if (!path.startsWith("/") || path.indexOf('\0') >= 0) {
            throw new IllegalArgumentException(
                    "socket: \"" + text + "\" (expected: unix:///path, unix:/path or an absolute path)");
        }
        return new UnixEndpoint(Path.of(path));
    }

    /** As a URI, for those who want one: {@code unix:///run/a.sock}. */
    public String uri() {
        return SCHEME + "//" + path;
    }

    @Override
    public String toString() {
        return path.toString();
    }
}
