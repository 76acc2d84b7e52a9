package io.hbone.enrollment.directory;

import java.util.regex.Pattern;

/** Ports as people write them. */
final class Ports {
    static final int MAX = 65_535;
    private static final Pattern DIGITS = Pattern.compile("\\d{1,5}");

    private Ports() {}

    /** Whether it is a number from 0 to 65535. */
    static boolean isPort(String text) {
        return DIGITS.matcher(text).matches() && Integer.parseInt(text) <= MAX;
    }
}
