package io.hbone.node.chart;

import java.util.List;

/** An SVG 1.1 document of charts, one below the other. */
public final class Svg {
    private Svg() {}

    /**
     * The document.
     *
     * @param description what all of it shows, for its title
     */
    public static String document(String description, List<Chart> charts) {
        int height = Math.max(1, charts.size()) * Chart.HEIGHT;
        StringBuilder out = new StringBuilder(16384);
        out.append("<svg xmlns='http://www.w3.org/2000/svg' width='" + Chart.WIDTH + "' height='" + height
                + "' viewBox='0 0 " + Chart.WIDTH + " " + height
                + "' font-family='sans-serif' font-size='12' fill='#222'>\n");
        out.append("<title>" + escaped(description) + "</title>\n");
        out.append("<rect width='100%' height='100%' fill='white'/>\n");
        for (int i = 0; i < charts.size(); i++) {
            out.append("<g transform='translate(0 " + i * Chart.HEIGHT + ")'>\n");
            charts.get(i).draw(out);
            out.append("</g>\n");
        }
        return out.append("</svg>\n").toString();
    }

    /** Text as XML has it; what XML cannot have at all becomes a question mark. */
    static String escaped(String text) {
        StringBuilder out = new StringBuilder(text.length() + 16);
        text.codePoints().forEach(c -> {
            switch (c) {
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '&' -> out.append("&amp;");
                case '\'' -> out.append("&#39;");
                case '"' -> out.append("&quot;");
                default -> out.appendCodePoint(isXml(c) ? c : '?');
            }
        });
        return out.toString();
    }

    private static boolean isXml(int c) {
        return c == '\t' || c == '\n' || (c >= ' ' && c <= 0xd7ff) || (c >= 0xe000 && c <= 0xfffd) || c >= 0x10000;
    }
}
