package io.hbone.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BaggageTest {
    private static final Baggage FULL =
            new Baggage("c1", "shop", "deployment", "cart", "cart-svc", "v2", "eu-west-1", "eu-west-1a");

    private static final String FULL_HEADER = "k8s.cluster.name=c1,k8s.namespace.name=shop,k8s.deployment.name=cart,"
            + "service.name=cart-svc,service.version=v2,cloud.region=eu-west-1,cloud.availability_zone=eu-west-1a";

    @Test
    void header_everythingKnown_isInZtunnelsOrder() {
        assertThat(FULL.header()).isEqualTo(FULL_HEADER);
    }

    @Test
    void header_unknownValues_areLeftOut() {
        assertThat(Baggage.EMPTY.header()).isEmpty();
        assertThat(new Baggage("", "shop", "pod", "", "", "", "", "z").header())
                .isEqualTo("k8s.namespace.name=shop,cloud.availability_zone=z");
    }

    @ParameterizedTest
    @ValueSource(strings = {"deployment", "cronjob", "pod", "job"})
    void header_workloadType_isAPartOfTheKey(String type) {
        Baggage baggage = new Baggage("", "", type, "cart", "", "", "", "");
        assertThat(baggage.header()).isEqualTo("k8s." + type + ".name=cart");
        assertThat(parse(baggage.header())).isEqualTo(new Baggage.Parsed(baggage, 0));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Deployment", "daemonset", "cluster", "a.b", "pod.name=x,k8s.namespace"})
    void header_unknownWorkloadType_isLeftOut(String type) {
        assertThat(new Baggage("c1", "", type, "cart", "", "", "", "").header()).isEqualTo("k8s.cluster.name=c1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a,k8s.namespace.name=kube-system",
                "a;b",
                "a=b",
                "a\r\nx: y",
                "a\u0000",
                "b\u00fccher",
                " a",
                "a ",
                "a\t",
                "\ud83d\ude00"
            })
    void header_valueThatWouldNotReadBack_isLeftOutAndForgesNothing(String value) {
        Baggage baggage = new Baggage("c1", value, "pod", value, value, value, value, value);
        assertThat(baggage.header()).isEqualTo("k8s.cluster.name=c1");
    }

    @Test
    void constructor_null_isRefused() {
        assertThatNullPointerException()
                .isThrownBy(() -> new Baggage("", "", "", "", "", "", "", null))
                .withMessage("zone");
    }

    @Test
    void parsed_negativeCount_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new Baggage.Parsed(FULL, -1))
                .withMessage("malformed: -1 (expected: >= 0)");
    }

    @Test
    void parse_header_readsBackEqual() {
        assertThat(parse(FULL_HEADER)).isEqualTo(new Baggage.Parsed(FULL, 0));
    }

    @Test
    void parse_noLines_isNothing() {
        assertThat(parse()).isEqualTo(Baggage.Parsed.NOTHING);
        assertThat(parse("")).isEqualTo(Baggage.Parsed.NOTHING);
        assertThat(parse("", " ", ",", " , ,\t")).isEqualTo(Baggage.Parsed.NOTHING);
    }

    @Test
    void parse_severalLines_areOneList() {
        String[] lines = FULL_HEADER.split("(?<=c1),|(?<=v2),");
        assertThat(lines).hasSize(3);
        assertThat(parse(lines)).isEqualTo(new Baggage.Parsed(FULL, 0));
    }

    @Test
    void parse_charSequencesThatAreNoStrings_areRead() {
        assertThat(Baggage.parse(List.of(new StringBuilder(FULL_HEADER))).baggage())
                .isEqualTo(FULL);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "k8s.namespace.name=a | a | 0",
                "k8s.namespace.name= | '' | 0",
                // the last one stands, also when it is empty
                "k8s.namespace.name=a,k8s.namespace.name=b | b | 0",
                "k8s.namespace.name=a,k8s.namespace.name= | '' | 0",
                // as ztunnel: what follows a second '=' is dropped, nothing is decoded, keys are case-sensitive
                "k8s.namespace.name=a=b | a | 0",
                "k8s.namespace.name==b | '' | 0",
                "k8s.namespace.name=a%20b | a%20b | 0",
                "K8S.namespace.name=a | '' | 0",
                // unlike ztunnel: white space around entries, as proxies add it, and properties
                "x=y, k8s.namespace.name=a | a | 0",
                "k8s.namespace.name = a ,x=y | a | 0",
                "k8s.namespace.name=a;p;q=r,x=y | a | 0",
                "k8s.namespace.name=a ; p | a | 0",
                // unknown keys
                "x=y | '' | 0",
                "k8s.namespace.names=a,k8s.namespace.nam=a | '' | 0",
                "k8s.daemonset.name=a,k8s..name=a,k8s.name=a | '' | 0",
                // malformed
                "x | '' | 1",
                "=x | '' | 1",
                "= | '' | 1",
                "; | '' | 1",
                ";a=b | '' | 1",
                "k8s.namespace.name;=a | '' | 1",
                "x,=,k8s.namespace.name=a,y | a | 3"
            })
    void parse_entry_isReadSkippedOrCounted(String line, String namespace, int malformed) {
        Baggage.Parsed parsed = parse(line);
        assertThat(parsed.baggage()).isEqualTo(new Baggage("", namespace, "", "", "", "", "", ""));
        assertThat(parsed.malformed()).isEqualTo(malformed);
    }

    @Test
    void parse_severalWorkloadKeys_theLastGivesNameAndType() {
        Baggage baggage = parse("k8s.deployment.name=a,k8s.job.name=b").baggage();
        assertThat(baggage.workloadType()).isEqualTo("job");
        assertThat(baggage.workloadName()).isEqualTo("b");
        assertThat(parse("k8s.deployment.name=a,k8s.job.name=").baggage()).isEqualTo(Baggage.EMPTY);
    }

    /** Stock ztunnel drops the whole header, with all labels of the source, for one byte that is not printable. */
    @ParameterizedTest
    @ValueSource(
            strings = {"x=\u00fc", "x=\u0000", "x=a\nb", "\u00fc=x", "x=y;\u0007", "x=a\tb", "k8s.cluster.name=\u00fc"})
    void parse_oneOddByte_ztunnelWeakness_costsOneEntryOnly(String odd) {
        assertThat(parse(odd + ",k8s.namespace.name=shop"))
                .isEqualTo(new Baggage.Parsed(new Baggage("", "shop", "", "", "", "", "", ""), 1));
    }

    @Test
    void parse_moreThanWeRead_isCutAtAnEntryAndCountedOnce() {
        String start = "k8s.namespace.name=shop,";
        String filler = "x".repeat(Baggage.MAX_LENGTH) + "=y,";
        assertThat(parse(start + filler + "k8s.cluster.name=late"))
                .isEqualTo(new Baggage.Parsed(new Baggage("", "shop", "", "", "", "", "", ""), 1));
        assertThat(parse(start, filler, "k8s.cluster.name=late"))
                .isEqualTo(new Baggage.Parsed(new Baggage("", "shop", "", "", "", "", "", ""), 1));
    }

    @Test
    void parse_exactlyAsMuchAsWeRead_isReadInFull() {
        String entry = "k8s.cluster.name=c1";
        String filler = "x".repeat(Baggage.MAX_LENGTH - entry.length() - 3) + "=y,";
        assertThat(parse(filler + entry).malformed()).isZero();
        assertThat(parse(filler + entry).baggage().clusterId()).isEqualTo("c1");
        assertThat(parse('x' + filler + entry)).isEqualTo(new Baggage.Parsed(Baggage.EMPTY, 1));
    }

    @Test
    void parse_flood_isBoundedByTheInput() {
        assertThat(parse("x,".repeat(1_000_000)).malformed()).isLessThanOrEqualTo(Baggage.MAX_LENGTH / 2 + 1);
        String[] lines = new String[100_000];
        Arrays.fill(lines, "x");
        assertThat(parse(lines).malformed()).isLessThanOrEqualTo(Baggage.MAX_LENGTH + 1);
    }

    @Test
    void parse_randomBaggage_readsBackEqual() {
        SplittableRandom random = new SplittableRandom(15_008);
        String[] types = {"deployment", "cronjob", "pod", "job"};
        for (int i = 0; i < 10_000; i++) {
            String name = value(random);
            Baggage baggage = new Baggage(
                    value(random),
                    value(random),
                    name.isEmpty() ? "" : types[random.nextInt(types.length)],
                    name,
                    value(random),
                    value(random),
                    value(random),
                    value(random));
            assertThat(parse(baggage.header())).isEqualTo(new Baggage.Parsed(baggage, 0));
        }
    }

    @FuzzTest
    void parse_anyInput_neverThrowsAndReadsBackEqual(byte[] input) {
        String text = new String(input, StandardCharsets.ISO_8859_1);
        Baggage.Parsed parsed = Baggage.parse(Arrays.asList(text.split("\n")));
        assertThat(parsed.malformed()).isBetween(0, text.length() + 1);
        String header = parsed.baggage().header();
        assertThat(header).matches("[ -~]*");
        assertThat(parse(header)).isEqualTo(new Baggage.Parsed(parsed.baggage(), 0));
    }

    private static Baggage.Parsed parse(String... lines) {
        return Baggage.parse(Arrays.asList(lines));
    }

    /** Empty, or a value of printable characters that can be written. */
    private static String value(SplittableRandom random) {
        StringBuilder out = new StringBuilder();
        for (int length = random.nextInt(12); length > 0; length--) {
            char c = (char) ('!' + random.nextInt('~' - '!' + 1));
            out.append(c == ',' || c == ';' || c == '=' ? '-' : c);
        }
        return out.toString();
    }
}
