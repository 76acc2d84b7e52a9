package io.hbone.node.demo;

import java.io.PrintWriter;
import java.util.Locale;
import picocli.CommandLine.Help.Ansi;

/** The report for people: the table, what each row is held by, and the verdict. */
final class TextReport {
    private static final String LINE = "%-3s%-18s%-30s%-22s%12s%10s%14s  %s%n";

    private final PrintWriter out;
    private final Ansi ansi;

    TextReport(PrintWriter out, Ansi ansi) {
        this.out = out;
        this.ansi = ansi;
    }

    void print(Report report) {
        out.println(style("bold", "hbone demo") + ": " + report.description());
        if (report.fault() != Fault.NONE) {
            out.println("broken on purpose: " + report.fault().text());
        }
        out.println();
        out.printf(LINE, "", "row", "workloads", "must be", "first byte", "again", "bytes echoed", "held");
        int number = 1;
        for (RowResult row : report.rows()) {
            out.printf(
                    LINE,
                    number++,
                    row.row(),
                    row.row().kind(),
                    row.row().passage().text(),
                    firstByte(row, 0),
                    firstByte(row, 1),
                    row.evidence() == null
                            ? "-"
                            : String.format(Locale.ROOT, "%,d", row.evidence().received()),
                    row.held() ? style("green", "yes") : style("bold,red", "NO"));
        }
        number = 1;
        for (RowResult row : report.rows()) {
            out.println();
            out.println(style(
                    "bold",
                    number++ + "  " + row.row() + ", " + row.row().passage().text()));
            for (Check check : row.checks()) {
                out.printf(
                        "   %s  %-15s %-48s %s%n",
                        check.held() ? style("green", "held  ") : style("bold,red", "FAILED"),
                        check.witness(),
                        check.what(),
                        check.found());
            }
        }
        if (!report.cannotShow().isEmpty()) {
            out.println();
            out.println("This mode (" + report.mode() + ") cannot show:");
            report.cannotShow().forEach(item -> out.println("   - " + item));
        }
        out.println();
        String verdict = report.verdict()
                + String.format(
                        Locale.ROOT,
                        " (%s, %.1f s)",
                        report.mode(),
                        report.took().toMillis() / 1e3);
        out.println(report.held() ? style("bold,green", verdict) : style("bold,red", verdict));
        out.flush();
    }

    private static String firstByte(RowResult row, int exchange) {
        Evidence evidence = row.evidence();
        if (evidence == null || evidence.exchanges().size() <= exchange) {
            return "-";
        }
        long micros = evidence.exchanges().get(exchange).firstByteMicros();
        return micros < 0 ? "never" : String.format(Locale.ROOT, "%.1f ms", micros / 1e3);
    }

    private String style(String styles, String text) {
        return ansi.new Text("@|" + styles + " " + text + "|@").toString();
    }
}
