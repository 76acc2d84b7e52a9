package io.hbone.node.telemetry;

import io.hbone.node.http.HttpPage;
import io.hbone.node.http.HttpQuery;
import io.hbone.node.http.HttpReply;
import io.prometheus.metrics.config.EscapingScheme;
import io.prometheus.metrics.expositionformats.ExpositionFormatWriter;
import io.prometheus.metrics.expositionformats.OpenMetricsTextFormatWriter;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.zip.GZIPOutputStream;

/**
 * The metrics (spec/ztunnel.md 10.2). Stock ztunnel sends OpenMetrics under either content type; here who asks for plain text
 * gets the older format, so that parsers of it find the types.
 */
public final class MetricsPage implements HttpPage {
    private static final Set<String> PATHS = Set.of("/metrics", "/stats/prometheus");

    private final PrometheusRegistry registry;

    public MetricsPage(PrometheusRegistry registry) {
        this.registry = registry;
    }

    @Override
    public HttpReply reply(HttpQuery query) {
        if (!PATHS.contains(query.path())) {
            return HttpReply.empty(404);
        }
        if (!query.isGet()) {
            return HttpReply.empty(405);
        }
        boolean openMetrics = query.header("accept").toLowerCase(Locale.ROOT).contains("application/openmetrics-text");
        ExpositionFormatWriter writer =
                openMetrics ? OpenMetricsTextFormatWriter.create() : PrometheusTextFormatWriter.create();
        boolean gzip = query.header("accept-encoding").toLowerCase(Locale.ROOT).contains("gzip");
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(16 * 1024);
        try (OutputStream out = gzip ? new GZIPOutputStream(bytes) : bytes) {
            writer.write(out, registry.scrape(), EscapingScheme.UNDERSCORE_ESCAPING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Map<String, String> headers = gzip
                ? Map.of("vary", "accept-encoding", "content-encoding", "gzip")
                : Map.of("vary", "accept-encoding");
        return new HttpReply(200, writer.getContentType(), bytes.toByteArray(), headers);
    }
}
