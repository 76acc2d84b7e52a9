package io.hbone.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class HboneSettingsTest {
    private static final int KIB = 1024;
    private static final int MIB = 1024 * KIB;
    private static final int GIB = 1024 * MIB;

    @Test
    void default_settings_areWhatTheBuilderStartsFrom() {
        assertThat(HboneSettings.builder().build()).isEqualTo(HboneSettings.DEFAULT);
        assertThat(HboneSettings.DEFAULT.toBuilder().build()).isEqualTo(HboneSettings.DEFAULT);
    }

    /** Stock ztunnel has no handshake deadline in either direction. */
    @Test
    void default_handshakeTimeout_ztunnelWeakness_isFinite() {
        assertThat(HboneSettings.DEFAULT.handshakeTimeout()).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(30));
    }

    @Test
    void default_connectionWindow_leavesRoomForAFullStream() {
        assertThat(HboneSettings.DEFAULT.connectionWindow())
                .isGreaterThanOrEqualTo(2 * HboneSettings.DEFAULT.maxStreamWindow());
    }

    @ParameterizedTest
    @MethodSource("components")
    void builder_everySetter_setsItsComponentAndNoOther(RecordComponent component) throws Exception {
        Object changed = changed(component);
        HboneSettings settings = set(component, changed);
        for (RecordComponent other : HboneSettings.class.getRecordComponents()) {
            Object expected = other.getName().equals(component.getName())
                    ? changed
                    : other.getAccessor().invoke(HboneSettings.DEFAULT);
            assertThat(other.getAccessor().invoke(settings)).as(other.getName()).isEqualTo(expected);
        }
        assertThat(settings.toBuilder().build()).isEqualTo(settings);
    }

    static Stream<RecordComponent> components() {
        return Arrays.stream(HboneSettings.class.getRecordComponents());
    }

    @ParameterizedTest
    @MethodSource("durations")
    void build_durationThatIsNotPositive_isRefusedByName(RecordComponent component) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> set(component, Duration.ofNanos(-1)))
                .withMessageStartingWith(component.getName() + ": PT-0.000000001S (expected: >");
        if (component.getName().equals("streamIdleTimeout")) {
            assertThatCode(() -> set(component, Duration.ZERO)).doesNotThrowAnyException();
        } else {
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> set(component, Duration.ZERO))
                    .withMessage(component.getName() + ": PT0S (expected: > 0)");
        }
        assertThatCode(() -> set(component, Duration.ofNanos(1))).doesNotThrowAnyException();
    }

    static Stream<RecordComponent> durations() {
        return components().filter(component -> component.getType() == Duration.class);
    }

    @ParameterizedTest
    @MethodSource("edges")
    void build_numberAtItsEdge_isAcceptedAndOneBeyondIsNot(
            String name, UnaryOperator<HboneSettings.Builder> accepted, UnaryOperator<HboneSettings.Builder> refused) {
        assertThatCode(() -> accepted.apply(HboneSettings.builder()).build()).doesNotThrowAnyException();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> refused.apply(HboneSettings.builder()).build())
                .withMessageStartingWith(name + ": ")
                .withMessageContaining("(expected: ");
    }

    static Stream<Arguments> edges() {
        return Stream.of(
                edge(
                        "initialStreamWindow",
                        b -> b.initialStreamWindow(16 * KIB),
                        b -> b.initialStreamWindow(16 * KIB - 1)),
                edge(
                        "initialStreamWindow",
                        b -> b.maxStreamWindow(MIB).initialStreamWindow(MIB),
                        b -> b.maxStreamWindow(MIB).initialStreamWindow(MIB + 1)),
                edge(
                        "connectionWindow",
                        b -> b.initialStreamWindow(MIB).maxStreamWindow(MIB).connectionWindow(2 * MIB),
                        b -> b.initialStreamWindow(MIB).maxStreamWindow(MIB).connectionWindow(2 * MIB - 1)),
                edge(
                        "connectionWindow",
                        b -> b.maxStreamWindow(GIB - 1).connectionWindow(Integer.MAX_VALUE),
                        b -> b.maxStreamWindow(GIB).connectionWindow(Integer.MAX_VALUE)),
                edge("maxFrameSize", b -> b.maxFrameSize(16_384), b -> b.maxFrameSize(16_383)),
                edge("maxFrameSize", b -> b.maxFrameSize(16_777_215), b -> b.maxFrameSize(16_777_216)),
                edge("tunnelWindowBudget", b -> b.tunnelWindowBudget(0), b -> b.tunnelWindowBudget(-1)),
                edge("processWindowBudget", b -> b.processWindowBudget(0), b -> b.processWindowBudget(-1)),
                edge("maxHeaderListSize", b -> b.maxHeaderListSize(1), b -> b.maxHeaderListSize(0)),
                edge("maxConcurrentStreams", b -> b.maxConcurrentStreams(1), b -> b.maxConcurrentStreams(0)),
                edge("maxStreamsPerTunnel", b -> b.maxStreamsPerTunnel(1), b -> b.maxStreamsPerTunnel(0)),
                edge("maxResets", b -> b.maxResets(1), b -> b.maxResets(0)),
                edge("maxControlFrames", b -> b.maxControlFrames(1), b -> b.maxControlFrames(0)));
    }

    private static Arguments edge(
            String name, UnaryOperator<HboneSettings.Builder> accepted, UnaryOperator<HboneSettings.Builder> refused) {
        return Arguments.of(name, accepted, refused);
    }

    /** Another valid value, smaller so that it stays within what other components allow. */
    private static Object changed(RecordComponent component) throws ReflectiveOperationException {
        Object value = component.getAccessor().invoke(HboneSettings.DEFAULT);
        if (value instanceof Duration duration) {
            return duration.plusNanos(1);
        }
        if (value instanceof Long number) {
            return number - 1;
        }
        boolean mayOnlyGrow = component.getName().equals("connectionWindow")
                || component.getName().startsWith("maxFrame");
        return mayOnlyGrow ? (Integer) value + 1 : (Integer) value - 1;
    }

    private static HboneSettings set(RecordComponent component, Object value) throws ReflectiveOperationException {
        HboneSettings.Builder builder = HboneSettings.builder();
        Method setter = HboneSettings.Builder.class.getMethod(component.getName(), component.getType());
        setter.invoke(builder, value);
        return builder.build();
    }
}
