package io.hbone.node.chart;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** How an axis spreads its values. */
public enum Scale {
    /** Evenly. */
    LINEAR {
        @Override
        double spread(double value) {
            return value;
        }

        @Override
        List<Double> marks(double least, double most) {
            double span = most - least;
            double decade = Math.pow(10, Math.floor(Math.log10(span / MARKS)));
            double step = decade * 10;
            for (int factor : new int[] {1, 2, 5}) {
                if (span / (decade * factor) <= MARKS) {
                    step = decade * factor;
                    break;
                }
            }
            List<Double> marks = new ArrayList<>();
            for (long i = (long) Math.ceil(least / step - EPSILON); i * step <= most + step * EPSILON; i++) {
                marks.add(i * step);
            }
            return marks;
        }
    },
    /** By powers of ten; what is not positive is shown as the least. */
    LOG {
        @Override
        double spread(double value) {
            return Math.log10(Math.max(value, Double.MIN_NORMAL));
        }

        @Override
        List<Double> marks(double least, double most) {
            boolean few = spread(most) - spread(least) < 2;
            List<Double> marks = new ArrayList<>();
            for (int power = (int) Math.floor(spread(least)); power <= Math.ceil(spread(most)); power++) {
                for (int factor : few ? new int[] {1, 2, 5} : new int[] {1}) {
                    double mark = factor * Math.pow(10, power);
                    if (mark >= least * (1 - EPSILON) && mark <= most * (1 + EPSILON)) {
                        marks.add(mark);
                    }
                }
            }
            return marks;
        }
    },
    /** Percentiles: 90 is as far from 99 as 99 is from 99.9. The last is 99.9999. */
    PERCENTILE {
        @Override
        double spread(double value) {
            return -Math.log10(Math.max(1 - value / 100, 1e-6));
        }

        @Override
        List<Double> marks(double least, double most) {
            List<Double> marks = new ArrayList<>();
            for (double mark : new double[] {0, 50, 90, 99, 99.9, 99.99, 99.999, 99.9999}) {
                if (spread(mark) >= spread(least) - EPSILON && spread(mark) <= spread(most) + EPSILON) {
                    marks.add(mark);
                }
            }
            return marks;
        }
    };

    private static final int MARKS = 8;
    private static final double EPSILON = 1e-9;

    /** Where a value is, on an even axis of any unit. */
    abstract double spread(double value);

    /** The values to write at the axis. */
    abstract List<Double> marks(double least, double most);

    /** A number as an axis has it: without needless zeros, with k and M. */
    static String text(double value) {
        double size = Math.abs(value);
        if (size >= 1e6) {
            return trimmed(value / 1e6) + "M";
        }
        return size >= 1e4 ? trimmed(value / 1e3) + "k" : trimmed(value);
    }

    private static String trimmed(double value) {
        String text = String.format(Locale.ROOT, "%.4f", value);
        return text.replaceAll("0+$", "").replaceAll("\\.$", "");
    }
}
