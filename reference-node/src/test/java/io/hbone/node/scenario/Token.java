package io.hbone.node.scenario;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What applications send: bytes that nobody else sends, different for each exchange, so that they are found where they crossed. */
final class Token {
    private static final String PREFIX = "token-" + UUID.randomUUID() + "-";
    private static final Pattern PATTERN = Pattern.compile(PREFIX + "\\d{8}");
    private static final AtomicInteger COUNT = new AtomicInteger();

    private Token() {}

    /** Another one. */
    static String next() {
        return PREFIX + "%08d".formatted(COUNT.incrementAndGet());
    }

    /** All that are in a text. */
    static Set<String> in(String text) {
        Set<String> found = new TreeSet<>();
        Matcher matcher = PATTERN.matcher(text);
        while (matcher.find()) {
            found.add(matcher.group());
        }
        return found;
    }

    /** What is sent of one. */
    static ByteBuffer bytes(String token) {
        return ByteBuffer.wrap(token.getBytes(StandardCharsets.US_ASCII));
    }
}
