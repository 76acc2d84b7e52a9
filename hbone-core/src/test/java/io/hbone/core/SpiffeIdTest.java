package io.hbone.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.util.Locale;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules of SPIFFE-ID section 2, each from both sides. */
class SpiffeIdTest {
    private static final TrustDomain EXAMPLE = TrustDomain.of("example.org");

    @ParameterizedTest
    @CsvSource({
        "spiffe://example.org, example.org, ''",
        "spiffe://example.org/a, example.org, /a",
        "spiffe://example.org/ns/shop/sa/cart, example.org, /ns/shop/sa/cart",
        "spiffe://my_td/a-b/c_d/e.f/0, my_td, /a-b/c_d/e.f/0",
        "spiffe://example.org/Path/Is/CaseSensitive, example.org, /Path/Is/CaseSensitive",
        "spiffe://example.org/..., example.org, /...",
        "spiffe://example.org/.a/a./..a, example.org, /.a/a./..a",
        "spiffe://1234/x, 1234, /x"
    })
    void parse_validId_isRead(String text, String trustDomain, String path) {
        SpiffeId id = SpiffeId.parse(text);
        assertThat(id.trustDomain().name()).isEqualTo(trustDomain);
        assertThat(id.path()).isEqualTo(path);
        assertThat(id).hasToString(text);
        assertThat(SpiffeId.parseStrict(text)).isEqualTo(id).hasSameHashCodeAs(id);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                // scheme
                "",
                "spiffe",
                "spiffe:",
                "spiffe:/",
                "spiffe:/example.org/a",
                "example.org/a",
                "//example.org/a",
                "https://example.org/a",
                "spiffe//example.org",
                " spiffe://example.org",
                "spiffe:///a",
                "spiffe://",
                // trust domain: no user info, port, encoding, other characters
                "spiffe:///",
                "spiffe://user@example.org/a",
                "spiffe://example.org:443/a",
                "spiffe://ex%61mple.org/a",
                "spiffe://exam ple.org/a",
                "spiffe://b\u00fccher/a",
                "spiffe://\u212a/a",
                "spiffe://[::1]/a",
                "spiffe://a*/a",
                // path: no empty, '.' or '..' segments, no slash at the end, no encoding, other characters
                "spiffe://example.org/",
                "spiffe://example.org//",
                "spiffe://example.org//a",
                "spiffe://example.org/a//b",
                "spiffe://example.org/a/",
                "spiffe://example.org/.",
                "spiffe://example.org/..",
                "spiffe://example.org/a/./b",
                "spiffe://example.org/a/../b",
                "spiffe://example.org/a/..",
                "spiffe://example.org/%61",
                "spiffe://example.org/a b",
                "spiffe://example.org/a\n",
                "spiffe://example.org/\u00fc",
                "spiffe://example.org/a:b",
                "spiffe://example.org/a@b",
                "spiffe://example.org/a~b",
                "spiffe://example.org/a;b",
                "spiffe://example.org/a\\b",
                "spiffe://example.org/*",
                // no query, no fragment
                "spiffe://example.org?a",
                "spiffe://example.org/a?b",
                "spiffe://example.org/a?",
                "spiffe://example.org#a",
                "spiffe://example.org/a#b",
                "spiffe://example.org/a#"
            })
    void parse_anythingElse_isRefusedWithWhatWasExpected(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SpiffeId.parse(text))
                .withMessageContaining("(expected: ");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SpiffeId.parseStrict(text))
                .withMessageContaining("(expected: ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SPIFFE://example.org/A",
                "Spiffe://example.org/A",
                "spiffe://EXAMPLE.org/A",
                "sPiFfE://Example.Org/A"
            })
    void parse_upperCaseSchemeOrTrustDomain_isNormalisedAndStrictlyRefused(String text) {
        assertThat(SpiffeId.parse(text)).hasToString("spiffe://example.org/A");
        assertThatIllegalArgumentException().isThrownBy(() -> SpiffeId.parseStrict(text));
    }

    @Test
    void parse_turkishDefaultLocale_makesNoDifference() {
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.forLanguageTag("tr-TR"));
            assertThat(SpiffeId.parse("SPIFFE://ISTIO/A")).hasToString("spiffe://istio/A");
        } finally {
            Locale.setDefault(before);
        }
    }

    @Test
    void parse_longestId_isReadAndOneMoreIsNot() {
        String longest = "spiffe://example.org/" + "a".repeat(2048 - 21);
        assertThat(SpiffeId.parse(longest).toString()).hasSize(2048);
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SpiffeId.parse(longest + "a"))
                .withMessageContaining("(expected: <= 2048 bytes)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new SpiffeId(EXAMPLE, "/" + "a".repeat(2048 - 20)))
                .withMessage("spiffeId: 2049 bytes (expected: <= 2048)");
    }

    @Test
    void parse_longestTrustDomain_isReadAndOneMoreIsNot() {
        assertThat(SpiffeId.parse("spiffe://" + "a".repeat(255) + "/a").path()).isEqualTo("/a");
        assertThatIllegalArgumentException().isThrownBy(() -> SpiffeId.parse("spiffe://" + "a".repeat(256) + "/a"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "/", "//", "/a/", "/a//b", "/.", "/..", "/a/../b", "/a b", "/a?b"})
    void constructor_invalidPath_isRefused(String path) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new SpiffeId(EXAMPLE, path))
                .withMessageStartingWith("path: ");
    }

    @Test
    void ofServiceAccount_segments_isIstiosForm() {
        SpiffeId id = SpiffeId.ofServiceAccount(EXAMPLE, "shop", "cart");
        assertThat(id).hasToString("spiffe://example.org/ns/shop/sa/cart");
        assertThat(id.namespace()).isEqualTo("shop");
        assertThat(id.serviceAccount()).isEqualTo("cart");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "a/b", "shop/sa/admin", "/", "a b", "a%2Fb", "a\n"})
    void ofServiceAccount_whatIsNotOneSegment_cannotForgeAnotherIdentity(String segment) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SpiffeId.ofServiceAccount(EXAMPLE, segment, "cart"))
                .withMessageStartingWith("namespace: ");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> SpiffeId.ofServiceAccount(EXAMPLE, "shop", segment))
                .withMessageStartingWith("serviceAccount: ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "/ns",
                "/ns/shop",
                "/ns/shop/sa",
                "/ns/shop/sa/cart/x",
                "/ns/shop/extra/sa/cart",
                "/x/ns/shop/sa/cart",
                "/NS/shop/sa/cart",
                "/ns/shop/SA/cart",
                "/sa/cart/ns/shop",
                "/ns/sa/cart",
                "/nsx/shop/sa/cart",
                "/ns/shop/sax/cart"
            })
    void namespaceAndServiceAccount_anotherForm_areNone(String path) {
        SpiffeId id = new SpiffeId(EXAMPLE, path);
        assertThat(id.namespace()).isNull();
        assertThat(id.serviceAccount()).isNull();
    }

    @Test
    void namespace_namedLikeTheForm_isRead() {
        SpiffeId id = new SpiffeId(EXAMPLE, "/ns/sa/sa/sa");
        assertThat(id.namespace()).isEqualTo("sa");
        assertThat(id.serviceAccount()).isEqualTo("sa");
    }

    @ParameterizedTest
    @ValueSource(strings = {"leaf", "p384", "rsa2048", "ed25519", "expired", "by-intermediate", "ca-as-leaf"})
    void of_certificateWithOneUriName_isThatIdentity(String name) throws Exception {
        assertThat(SpiffeId.of(Certificates.certificate(name))).hasToString("spiffe://example.org/ns/shop/sa/cart");
    }

    @Test
    void of_trustDomainThatIsNoDnsName_isRead() throws Exception {
        assertThat(SpiffeId.of(Certificates.certificate("no-dns-trust-domain")))
                .hasToString("spiffe://my_td/ns/shop/sa/cart");
    }

    @ParameterizedTest
    @CsvSource({
        "no-san, URI names of the leaf: 0",
        "dns-san-only, URI names of the leaf: 0",
        "unreadable-uri, URI names of the leaf: 0",
        "two-uris, URI names of the leaf: 2",
        "same-uri-twice, URI names of the leaf: 2",
        "https-uri, https://example.org/ns/shop/sa/cart",
        "upper-case-trust-domain, Example.org",
        "upper-case-scheme, SPIFFE:",
        "trust-domain-only, (expected: a path)",
        "percent-encoded, %6F",
        "query, a=b",
        "port, :443"
    })
    void of_certificateWithoutExactlyOneSpiffeId_isRefusedWithWhatWasFound(String name, String found) {
        assertThatExceptionOfType(CertificateException.class)
                .isThrownBy(() -> SpiffeId.of(Certificates.certificate(name)))
                .withMessageContaining(found)
                .withMessageContaining("(expected: ");
    }

    /** Stock ztunnel takes the first URI name that is a SPIFFE id and does not look at the others. */
    @Test
    void of_certificateWithSpiffeAndOtherUri_ztunnelWeakness_isRefused() {
        assertThatExceptionOfType(CertificateException.class)
                .isThrownBy(() -> SpiffeId.of(Certificates.certificate("spiffe-and-https-uri")))
                .withMessage("URI names of the leaf: 2 (expected: exactly one)");
    }

    @Test
    void parse_randomValidIds_readBackEqual() {
        SplittableRandom random = new SplittableRandom(41);
        String chars = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
        String pathChars = chars + "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        for (int i = 0; i < 10_000; i++) {
            StringBuilder text = new StringBuilder("spiffe://");
            append(text, random, chars, 1 + random.nextInt(40));
            for (int segments = random.nextInt(6); segments > 0; segments--) {
                append(text.append("/x"), random, pathChars, random.nextInt(20));
            }
            SpiffeId id = SpiffeId.parseStrict(text.toString());
            assertThat(id).hasToString(text.toString());
            assertThat(SpiffeId.parse(id.toString())).isEqualTo(id);
        }
    }

    @FuzzTest
    void parse_anyInput_isRefusedOrReadsBackEqual(byte[] input) {
        String text = new String(input, StandardCharsets.UTF_8);
        SpiffeId id;
        try {
            id = SpiffeId.parse(text);
        } catch (IllegalArgumentException e) {
            assertThat(e.getMessage()).contains("(expected: ").matches("[ -~]+");
            assertThatIllegalArgumentException().isThrownBy(() -> SpiffeId.parseStrict(text));
            return;
        }
        assertThat(id.toString()).isEqualToIgnoringCase(text).matches("[!-~]+");
        assertThat(SpiffeId.parseStrict(id.toString())).isEqualTo(id);
        String namespace = id.namespace();
        String serviceAccount = id.serviceAccount();
        assertThat(namespace == null).isEqualTo(serviceAccount == null);
        if (namespace != null && serviceAccount != null) {
            assertThat(SpiffeId.ofServiceAccount(id.trustDomain(), namespace, serviceAccount))
                    .isEqualTo(id);
        }
    }

    private static void append(StringBuilder out, SplittableRandom random, String chars, int length) {
        for (int i = 0; i < length; i++) {
            out.append(chars.charAt(random.nextInt(chars.length())));
        }
    }
}
