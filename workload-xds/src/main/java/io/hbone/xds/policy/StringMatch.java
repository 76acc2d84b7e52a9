package io.hbone.xds.policy;

import java.util.Objects;

/** What a policy says of a text (spec/ztunnel.md 6.3). Case counts. */
public sealed interface StringMatch {

    /** Whether {@code text} is meant. */
    boolean matches(String text);

    /** That text. */
    record Exact(String value) implements StringMatch {
        public Exact {
            Objects.requireNonNull(value, "value");
        }

        @Override
        public boolean matches(String text) {
            return text.equals(value);
        }
    }

    /** What begins so; an empty prefix is everything. */
    record Prefix(String value) implements StringMatch {
        public Prefix {
            Objects.requireNonNull(value, "value");
        }

        @Override
        public boolean matches(String text) {
            return text.startsWith(value);
        }
    }

    /** What ends so; an empty suffix is everything. */
    record Suffix(String value) implements StringMatch {
        public Suffix {
            Objects.requireNonNull(value, "value");
        }

        @Override
        public boolean matches(String text) {
            return text.endsWith(value);
        }
    }

    /** Anything but the empty text. */
    record Presence() implements StringMatch {
        @Override
        public boolean matches(String text) {
            return !text.isEmpty();
        }
    }
}
