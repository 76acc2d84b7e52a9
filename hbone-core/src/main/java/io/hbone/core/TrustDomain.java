package io.hbone.core;

/**
 * The part of a mesh that shares roots of trust: the authority of a {@link SpiffeId} (SPIFFE-ID section 2.1,
 * spec/spire.md 4.1).
 *
 * @param name 1 to 255 characters of {@code a-z 0-9 . - _}, in lower case
 */
public record TrustDomain(String name) {
    /** The greatest length of a name, in characters (SPIFFE-ID section 2.3). */
    public static final int MAX_LENGTH = 255;

    /** @throws IllegalArgumentException when {@code name} is not a trust domain's name in its one spelling */
    public TrustDomain {
        if (name.isEmpty() || name.length() > MAX_LENGTH) {
            throw new IllegalArgumentException(
                    "trustDomain: " + Text.quote(name) + " (expected: 1 to " + MAX_LENGTH + " characters)");
        }
        for (int i = 0; i < name.length(); i++) {
            if (!isNameChar(name.charAt(i))) {
                throw new IllegalArgumentException(
                        "trustDomain: " + Text.quote(name) + " (expected: only a-z, 0-9, '.', '-' and '_')");
            }
        }
    }

    /**
     * The trust domain of that name, which is not normalised.
     *
     * @throws IllegalArgumentException when {@code name} is not a trust domain's name in its one spelling
     */
    public static TrustDomain of(String name) {
        return new TrustDomain(name);
    }

    /** The name. */
    @Override
    public String toString() {
        return name;
    }

    private static boolean isNameChar(char c) {
        return Text.isLower(c) || Text.isDigit(c) || c == '.' || c == '-' || c == '_';
    }
}
