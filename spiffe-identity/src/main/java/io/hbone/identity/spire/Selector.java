package io.hbone.identity.spire;

/**
 * One property of a workload by which SPIRE finds its registration entries (spec/spire.md 1.5).
 *
 * @param type who vouches for it, {@code k8s} for example; not empty, without a colon
 * @param value what it says, {@code ns:default} for example; not empty
 */
public record Selector(String type, String value) {
    /** @throws IllegalArgumentException when SPIRE would refuse it */
    public Selector {
        if (type.isEmpty() || value.isEmpty() || type.indexOf(':') >= 0) {
            throw new IllegalArgumentException(
                    "selector: \"" + type + ":" + value + "\" (expected: type:value, neither empty)");
        }
    }

    /**
     * Reads {@code type:value}; the value may have colons.
     *
     * @throws IllegalArgumentException when it is not of that form
     */
    public static Selector parse(String text) {
        int colon = text.indexOf(':');
        if (colon < 0) {
            throw new IllegalArgumentException("selector: \"" + text + "\" (expected: type:value)");
        }
        return new Selector(text.substring(0, colon), text.substring(colon + 1));
    }

    /** {@code type:value}. */
    @Override
    public String toString() {
        return type + ":" + value;
    }
}
