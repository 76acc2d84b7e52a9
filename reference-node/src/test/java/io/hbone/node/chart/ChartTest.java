package io.hbone.node.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;

class ChartTest {

    private static Document parse(Chart... charts) throws Exception {
        String svg = Svg.document("all & \"nothing\" \u0001", List.of(charts));
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
    }

    private static String[] points(Document svg, int line) {
        return svg.getElementsByTagName("polyline")
                .item(line)
                .getAttributes()
                .getNamedItem("points")
                .getNodeValue()
                .split(" ");
    }

    private static double y(String point) {
        return Double.parseDouble(point.split(",")[1]);
    }

    private static double x(String point) {
        return Double.parseDouble(point.split(",")[0]);
    }

    @Test
    void names_whateverIsInThem_giveGoodXml() throws Exception {
        Document svg = parse(new Chart("<a> & 'b'", "x", Scale.LINEAR, "y\u0000", Scale.LINEAR)
                .line("<line \"1\">", List.of(new Chart.Point(0, 1), new Chart.Point(1, 2))));

        assertThat(svg.getElementsByTagName("title").item(0).getTextContent()).isEqualTo("all & \"nothing\" ?");
        assertThat(svg.getElementsByTagName("text").item(0).getTextContent()).isEqualTo("<a> & 'b'");
    }

    @Test
    void linear_isEven_andBeginsAtZero() throws Exception {
        Document svg = parse(new Chart("t", "x", Scale.LINEAR, "y", Scale.LINEAR)
                .line("l", List.of(new Chart.Point(0, 0), new Chart.Point(5, 50), new Chart.Point(10, 100))));

        String[] points = points(svg, 0);
        assertThat(x(points[1]) - x(points[0])).isCloseTo(x(points[2]) - x(points[1]), within(0.2));
        assertThat(y(points[0]) - y(points[1])).isCloseTo(y(points[1]) - y(points[2]), within(0.2));
    }

    @Test
    void percentiles_areFurtherApartTheRarerTheyAre() throws Exception {
        Document svg = parse(new Chart("t", "x", Scale.PERCENTILE, "y", Scale.LOG)
                .line(
                        "l",
                        List.of(
                                new Chart.Point(0, 10),
                                new Chart.Point(90, 100),
                                new Chart.Point(99, 1000),
                                new Chart.Point(99.9, 10_000))));

        String[] points = points(svg, 0);
        assertThat(x(points[2]) - x(points[1])).isCloseTo(x(points[3]) - x(points[2]), within(0.2));
        assertThat(y(points[1]) - y(points[2])).isCloseTo(y(points[2]) - y(points[3]), within(0.2));
    }

    @Test
    void pointsThatAreNoNumbers_areLeftOut() throws Exception {
        Document svg = parse(new Chart("t", "x", Scale.LOG, "y", Scale.LOG)
                .line(
                        "l",
                        List.of(
                                new Chart.Point(1, Double.NaN),
                                new Chart.Point(1, 0),
                                new Chart.Point(10, 5),
                                new Chart.Point(Double.POSITIVE_INFINITY, 1))));

        assertThat(points(svg, 0)).hasSize(2).noneMatch(point -> point.contains("N") || point.contains("I"));
    }

    @Test
    void nothingToDraw_isAChartAllTheSame() throws Exception {
        Chart empty = new Chart("t", "x", Scale.LINEAR, "y", Scale.LOG).line("none", List.of());

        assertThat(empty.isEmpty()).isTrue();
        assertThat(parse(empty).getElementsByTagName("polyline").getLength()).isOne();
    }

    @Test
    void marks_areRoundNumbers() {
        assertThat(Scale.LINEAR.marks(0, 9.3)).containsExactly(0.0, 2.0, 4.0, 6.0, 8.0);
        assertThat(Scale.LINEAR.marks(0, 0.03)).hasSizeBetween(3, 9).contains(0.0, 0.01);
        assertThat(Scale.LOG.marks(1, 1000)).containsExactly(1.0, 10.0, 100.0, 1000.0);
        assertThat(Scale.LOG.marks(100, 600)).containsExactly(100.0, 200.0, 500.0);
        assertThat(Scale.PERCENTILE.marks(0, 99.95)).containsExactly(0.0, 50.0, 90.0, 99.0, 99.9);
        assertThat(Scale.text(0.5)).isEqualTo("0.5");
        assertThat(Scale.text(25_000)).isEqualTo("25k");
        assertThat(Scale.text(3_000_000)).isEqualTo("3M");
    }
}
