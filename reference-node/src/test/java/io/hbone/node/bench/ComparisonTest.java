package io.hbone.node.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class ComparisonTest {

    private static RunDocument run(String metrics) throws BenchException {
        return RunDocument.parse("{\"metrics\": {" + metrics + "}}");
    }

    @Test
    void ratios_areThoseOfTheRounds_notOfTheMedians() throws BenchException {
        Comparison comparison = Comparison.of(
                "ours",
                List.of(run("\"x\": 10"), run("\"x\": 40"), run("\"x\": 30")),
                "theirs",
                List.of(run("\"x\": 5"), run("\"x\": 40"), run("\"x\": 10")));

        Comparison.Row row = comparison.rows().get(0);
        assertThat(row.a()).isEqualTo(new Spread(30, 10, 40));
        assertThat(row.b()).isEqualTo(new Spread(10, 5, 40));
        assertThat(row.ratio()).isEqualTo(new Spread(2, 1, 3));
        assertThat(comparison.text())
                .startsWith("ours over theirs: medians of 3 rounds")
                .containsPattern("x +30 +10 +2\\.000 +1\\.000 +3\\.000");
    }

    @Test
    void metricThatOneDoesNotHave_hasNoRatio() throws BenchException {
        Comparison comparison =
                Comparison.of("a", List.of(run("\"x\": 1, \"none\": 0")), "b", List.of(run("\"y\": 2, \"none\": 0")));

        assertThat(comparison.rows()).allMatch(row -> row.ratio() == null);
        assertThat(comparison.text()).containsPattern("x +1 +- +-").containsPattern("y +- +2 +-");
        assertThat(comparison.json()).contains("\"ratio\": null");
    }

    @Test
    void medianOfAnEvenNumber_isBetweenTheTwoInTheMiddle() {
        assertThat(Spread.of(List.of(4.0, 1.0, 3.0, 2.0))).isEqualTo(new Spread(2.5, 1, 4));
    }

    @Test
    void whatIsNoRun_isShown() {
        assertThatThrownBy(() -> RunDocument.parse("Segmentation fault"))
                .hasMessage("printed \"Segmentation fault\" (expected: JSON with an object \"metrics\" of numbers)");
        assertThatThrownBy(() -> RunDocument.parse("{\"metrics\": {}}")).isInstanceOf(BenchException.class);
        assertThatThrownBy(() -> RunDocument.parse("{\"metrics\": "))
                .hasMessageStartingWith("printed \"{\"metrics\":\" (expected");
        assertThatThrownBy(() -> RunDocument.parse("")).hasMessageStartingWith("printed nothing");
    }

    @Test
    void timeline_saysHowFastItGrew() {
        Timeline timeline = new Timeline(List.of(
                new Timeline.Sample(1_000_000_000, 100, 0),
                new Timeline.Sample(2_000_000_000, 300, 250_000_000),
                new Timeline.Sample(4_000_000_000L, 400, 1_500_000_000)));

        assertThat(timeline.perSecond()).isEqualTo(100);
        assertThat(timeline.cpuSeconds()).isEqualTo(1.5);
        assertThat(timeline.speeds()).containsExactly(new Timeline.Speed(0.5, 200), new Timeline.Speed(2, 50));
        assertThatThrownBy(() -> new Timeline(List.of())).isInstanceOf(IllegalArgumentException.class);
    }
}
