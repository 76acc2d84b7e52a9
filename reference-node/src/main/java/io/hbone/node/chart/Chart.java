package io.hbone.node.chart;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A line chart. Built by one thread, then not changed. */
public final class Chart {
    static final int WIDTH = 860;
    static final int HEIGHT = 380;

    private static final int LEFT = 72;
    private static final int RIGHT = 24;
    private static final int TOP = 64;
    private static final int BOTTOM = 52;
    private static final int LEGEND_STEP = 190;

    /** Told apart by the colour-blind, too (Okabe and Ito). */
    private static final List<String> COLOURS =
            List.of("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000");

    /**
     * A point of a line.
     *
     * @param x in the unit of the axis
     * @param y in the unit of the axis
     */
    public record Point(double x, double y) {}

    private record Line(String name, List<Point> points) {}

    private record Axis(String label, Scale scale) {}

    private final String title;
    private final Axis x;
    private final Axis y;
    private final List<Line> lines = new ArrayList<>();

    /**
     * An empty one.
     *
     * @param xLabel what the axis shows, with its unit
     * @param yLabel what the axis shows, with its unit
     */
    public Chart(String title, String xLabel, Scale xScale, String yLabel, Scale yScale) {
        this.title = title;
        this.x = new Axis(xLabel, xScale);
        this.y = new Axis(yLabel, yScale);
    }

    /** Adds a line; points that are no finite numbers are left out. */
    public Chart line(String name, List<Point> points) {
        lines.add(new Line(
                name,
                points.stream()
                        .filter(point -> Double.isFinite(point.x()) && Double.isFinite(point.y()))
                        .toList()));
        return this;
    }

    /** Whether there is nothing to draw. */
    public boolean isEmpty() {
        return lines.stream().allMatch(line -> line.points().isEmpty());
    }

    /** Draws it with its upper left corner at the origin. */
    void draw(StringBuilder out) {
        text(out, LEFT, 22, "start", "font-weight='bold' font-size='15'", title);
        double[] xs = range(
                x.scale(),
                lines.stream()
                        .flatMap(line -> line.points().stream())
                        .mapToDouble(Point::x)
                        .toArray());
        double[] ys = range(
                y.scale(),
                lines.stream()
                        .flatMap(line -> line.points().stream())
                        .mapToDouble(Point::y)
                        .toArray());
        frame(out, xs, ys);
        for (int i = 0; i < lines.size(); i++) {
            Line line = lines.get(i);
            String colour = COLOURS.get(i % COLOURS.size());
            String dashes = i < COLOURS.size() ? "" : " stroke-dasharray='6 3'";
            int left = LEFT + i % 4 * LEGEND_STEP;
            int top = 40 + i / 4 * 16;
            out.append(String.format(
                    Locale.ROOT,
                    "<line x1='%d' y1='%d' x2='%d' y2='%d' stroke='%s' stroke-width='2'%s/>%n",
                    left,
                    top - 4,
                    left + 18,
                    top - 4,
                    colour,
                    dashes));
            text(out, left + 24, top, "start", "", line.name());
            StringBuilder points = new StringBuilder();
            for (Point point : line.points()) {
                points.append(String.format(Locale.ROOT, "%.1f,%.1f ", across(xs, point.x()), up(ys, point.y())));
            }
            out.append("<polyline fill='none' stroke-width='1.8' stroke='" + colour + "'" + dashes + " points='"
                    + points.toString().strip() + "'/>\n");
            if (line.points().size() < 20) {
                for (Point point : line.points()) {
                    out.append(String.format(
                            Locale.ROOT,
                            "<circle cx='%.1f' cy='%.1f' r='3' fill='%s'/>%n",
                            across(xs, point.x()),
                            up(ys, point.y()),
                            colour));
                }
            }
        }
    }

    private void frame(StringBuilder out, double[] xs, double[] ys) {
        int bottom = HEIGHT - BOTTOM;
        for (double mark : x.scale().marks(xs[0], xs[1])) {
            double at = across(xs, mark);
            grid(out, at, TOP, at, bottom);
            text(out, at, bottom + 16, "middle", "", Scale.text(mark));
        }
        for (double mark : y.scale().marks(ys[0], ys[1])) {
            double at = up(ys, mark);
            grid(out, LEFT, at, WIDTH - RIGHT, at);
            text(out, LEFT - 6, at + 4, "end", "", Scale.text(mark));
        }
        out.append(String.format(
                Locale.ROOT,
                "<rect x='%d' y='%d' width='%d' height='%d' fill='none' stroke='#444'/>%n",
                LEFT,
                TOP,
                WIDTH - RIGHT - LEFT,
                bottom - TOP));
        text(out, (LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 14, "middle", "", x.label());
        String turned = "transform='rotate(-90 16 " + (TOP + bottom) / 2 + ")'";
        text(out, 16, (TOP + bottom) / 2.0, "middle", turned, y.label());
    }

    private static void grid(StringBuilder out, double x1, double y1, double x2, double y2) {
        out.append(String.format(
                Locale.ROOT, "<line x1='%.1f' y1='%.1f' x2='%.1f' y2='%.1f' stroke='#ddd'/>%n", x1, y1, x2, y2));
    }

    private static void text(StringBuilder out, double x, double y, String anchor, String more, String text) {
        out.append(String.format(
                Locale.ROOT,
                "<text x='%.1f' y='%.1f' text-anchor='%s' %s>%s</text>%n",
                x,
                y,
                anchor,
                more,
                Svg.escaped(text)));
    }

    private double across(double[] range, double value) {
        return LEFT + share(x.scale(), range, value) * (WIDTH - RIGHT - LEFT);
    }

    private double up(double[] range, double value) {
        return HEIGHT - BOTTOM - share(y.scale(), range, value) * (HEIGHT - BOTTOM - TOP);
    }

    private static double share(Scale scale, double[] range, double value) {
        double least = scale.spread(range[0]);
        double share = (scale.spread(value) - least) / (scale.spread(range[1]) - least);
        return Math.min(1, Math.max(0, share));
    }

    /** The least and the most of an axis: never the same, from 0 on where that makes sense. */
    private static double[] range(Scale scale, double[] values) {
        double least = Double.POSITIVE_INFINITY;
        double most = Double.NEGATIVE_INFINITY;
        for (double value : values) {
            if (scale != Scale.LOG || value > 0) {
                least = Math.min(least, value);
                most = Math.max(most, value);
            }
        }
        if (least > most) {
            return new double[] {scale == Scale.LOG ? 1 : 0, scale == Scale.LOG ? 10 : 1};
        }
        return switch (scale) {
            case LINEAR -> {
                double from = Math.min(0, least);
                yield new double[] {from, most > from ? from + (most - from) * 1.05 : from + 1};
            }
            case LOG -> new double[] {least, most > least ? most : least * 10};
            case PERCENTILE -> new double[] {0, Math.max(most, 90)};
        };
    }
}
