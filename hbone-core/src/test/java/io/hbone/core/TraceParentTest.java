package io.hbone.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules of W3C Trace Context section 3.2, each from both sides. */
class TraceParentTest {
    private static final String EXAMPLE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    @Test
    void parse_example_isRead() {
        TraceParent parsed = TraceParent.parse(EXAMPLE);
        assertThat(parsed)
                .isEqualTo(new TraceParent(0x0af7651916cd43ddL, 0x8448eb211c80319cL, 0xb7ad6b7169203331L, 1))
                .hasToString(EXAMPLE);
        assertThat(parsed.header()).isEqualTo(EXAMPLE);
        assertThat(parsed.traceId()).isEqualTo("0af7651916cd43dd8448eb211c80319c");
        assertThat(TraceParent.parse(new StringBuilder(EXAMPLE))).isEqualTo(parsed);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "00-00000000000000000000000000000001-0000000000000001-00",
                "00-80000000000000000000000000000000-8000000000000000-ff",
                "00-ffffffffffffffffffffffffffffffff-ffffffffffffffff-ff"
            })
    void parse_edges_readBackEqual(String header) {
        TraceParent parsed = TraceParent.parse(header);
        assertThat(parsed).isNotNull();
        assertThat(parsed.header()).isEqualTo(header);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "00",
                // length
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-011",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
                " 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                // version
                "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "10-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                // dashes
                "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331_01",
                "00-0af7651916cd43dd8448eb211c80319cb-7ad6b7169203331-01",
                // digits
                "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
                "00-0af7651916cd43dd8448eb211c80319c-B7ad6b7169203331-01",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0A",
                "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                "00-0af7651916cd43dd8448eb211c80319g-b7ad6b7169203331-01",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333 -01",
                "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0\u0661",
                // zero
                "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01"
            })
    void parse_anythingElse_isNone(String header) {
        assertThat(TraceParent.parse(header)).isNull();
    }

    @Test
    void parse_null_isNone() {
        assertThat(TraceParent.parse(null)).isNull();
    }

    @Test
    void constructor_outOfRange_isRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new TraceParent(0, 0, 1, 0))
                .withMessage("traceId: 0 (expected: anything else)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new TraceParent(1, 0, 0, 0))
                .withMessage("parentId: 0 (expected: anything else)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new TraceParent(1, 0, 1, 256))
                .withMessage("flags: 256 (expected: 0 to 255)");
        assertThatIllegalArgumentException().isThrownBy(() -> new TraceParent(1, 0, 1, -1));
    }

    @Test
    void random_manyTimes_isValidDistinctAndNotSampled() {
        SplittableRandom random = new SplittableRandom(55);
        Set<String> ids = new HashSet<>();
        for (int i = 0; i < 10_000; i++) {
            TraceParent made = TraceParent.random(random);
            assertThat(made.flags()).isZero();
            assertThat(TraceParent.parse(made.header())).isEqualTo(made);
            ids.add(made.traceId());
        }
        assertThat(ids).hasSize(10_000);
    }

    @Test
    void random_generatorThatOnlyGivesZero_isStillValid() {
        RandomGenerator zeros = () -> 0;
        assertThat(TraceParent.parse(TraceParent.random(zeros).header())).isNotNull();
    }

    @FuzzTest
    void parse_anyInput_isNoneOrReadsBackEqual(byte[] input) {
        String text = new String(input, StandardCharsets.ISO_8859_1);
        TraceParent parsed = TraceParent.parse(text);
        if (parsed != null) {
            assertThat(parsed.header()).isEqualTo(text);
        }
    }
}
