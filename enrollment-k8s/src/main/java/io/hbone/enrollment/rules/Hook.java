package io.hbone.enrollment.rules;

import java.util.Locale;

/** Where packets meet rules: what comes in, and what is sent from here. */
enum Hook {
    PREROUTING,
    OUTPUT;

    String nft() {
        return name().toLowerCase(Locale.ROOT);
    }
}
