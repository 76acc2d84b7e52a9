package io.hbone.node.demo;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;

/**
 * What is sent: bytes that do not compress, and every so often, first and last a marker that appears nowhere else in the world.
 * Whoever has the marker and the size has the payload.
 */
record Payload(String marker, int size) {
    private static final int MARKER_EVERY = 16 * 1024;

    byte[] bytes() {
        byte[] mark = marker.getBytes(StandardCharsets.US_ASCII);
        byte[] bytes = new byte[Math.max(size, mark.length)];
        // A fixed seed: what is asked of these bytes is that both ends can make them, not that nobody can guess them.
        new Random(size).nextBytes(bytes);
        for (int at = 0; at + mark.length <= bytes.length; at += MARKER_EVERY) {
            System.arraycopy(mark, 0, bytes, at, mark.length);
        }
        System.arraycopy(mark, 0, bytes, bytes.length - mark.length, mark.length);
        return bytes;
    }

    /** How often {@code text} is in {@code bytes}. */
    static int count(byte[] bytes, String text) {
        byte[] wanted = text.getBytes(StandardCharsets.US_ASCII);
        int count = 0;
        for (int at = 0; at + wanted.length <= bytes.length; at++) {
            if (bytes[at] == wanted[0] && Arrays.equals(bytes, at, at + wanted.length, wanted, 0, wanted.length)) {
                count++;
            }
        }
        return count;
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }

    static String hex(MessageDigest digest) {
        return HexFormat.of().formatHex(digest.digest());
    }
}
