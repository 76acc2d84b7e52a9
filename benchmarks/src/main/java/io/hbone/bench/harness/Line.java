package io.hbone.bench.harness;

import java.util.Locale;

/** One line of what a program prints: what it is, and its figures in a column of their own. */
public final class Line {
    private Line() {}

    /** @param format of the figures, as {@link String#format} has it */
    public static void print(String what, String format, Object... figures) {
        System.out.printf(Locale.ROOT, "%-44s %s%n", what, String.format(Locale.ROOT, format, figures));
    }
}
