package io.hbone.node.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.TrustDomain;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.IdentityStatus;
import io.hbone.identity.ManagedIdentitySource;
import io.hbone.identity.dev.DevCa;
import io.hbone.node.config.LogLevels;
import io.hbone.node.config.ProxyConfig;
import io.hbone.node.config.WorkloadInfo;
import io.hbone.node.explain.ExplainPage;
import io.hbone.node.http.HttpQuery;
import io.hbone.node.http.HttpReply;
import io.hbone.node.identity.HeldIdentities;
import io.hbone.node.mesh.Mesh;
import io.hbone.xds.routing.HostnameResolver;
import io.hbone.xds.routing.RoutingSettings;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

class AdminPageTest {

    private static final LogLevels INITIAL = LogLevels.parse("info,access=debug");

    @TempDir
    private Path directory;

    private LogLevels levels = INITIAL;
    private final AtomicInteger quits = new AtomicInteger();
    private WorkloadCertificate certificate;
    private AdminPage page;

    @BeforeEach
    void open() throws Exception {
        Map<String, String> variables = new LinkedHashMap<>();
        variables.put("PROXY_MODE", "dedicated");
        variables.put("PROXY_WORKLOAD_INFO", "default/client/client");
        variables.put("FAKE_CA", "true");
        variables.put("XDS_ADDRESS", "");
        variables.put("PACKET_MARK", "1337");
        variables.put(
                "LOCAL_XDS",
                "workloads: [{namespace: default, name: client, serviceAccount: client, workloadIps: [10.0.0.1],"
                        + " services: {}}]");
        ProxyConfig config = ProxyConfig.of(variables);
        Mesh mesh = Mesh.load(config.localXds(), config.trustDomain());
        WorkloadIdentity self = mesh.identityOf(new WorkloadInfo("default", "client", "client"));
        DevCa ca = DevCa.open(directory.resolve("ca"), TrustDomain.of("cluster.local"), Clock.systemUTC());
        certificate = ca.issue(self.spiffeId(), Duration.ofHours(1));
        OneCertificate identities = new OneCertificate(self);
        page = new AdminPage(
                new ConfigDump(config, "1.2.3", mesh, identities::identities, Clock.systemUTC(), Map::of),
                new HeldIdentities(identities, Clock.systemUTC()),
                new ExplainPage(mesh.explainer(
                        new RoutingSettings("", Set.of(15008), false, true, true), HostnameResolver.NONE)),
                INITIAL,
                () -> levels,
                changed -> levels = changed,
                quits::incrementAndGet);
    }

    private HttpReply ask(String method, String uri, String... headers) {
        HttpHeaders all = new DefaultHttpHeaders();
        for (int i = 0; i < headers.length; i += 2) {
            all.set(headers[i], headers[i + 1]);
        }
        QueryStringDecoder decoder = new QueryStringDecoder(uri);
        return page.serve(new HttpQuery(method, decoder.path(), decoder.parameters(), all))
                .toCompletableFuture()
                .join();
    }

    private static String text(HttpReply reply) {
        return new String(reply.body(), StandardCharsets.UTF_8);
    }

    @Test
    void home_listsThePages() {
        HttpReply reply = ask("GET", "/");

        assertThat(reply.contentType()).isEqualTo("text/html; charset=utf-8");
        assertThat(text(reply)).contains("config_dump").contains("logging").contains("quitquitquit");
    }

    @ParameterizedTest
    @CsvSource({
        "GET, /nope, 404",
        "POST, /identities, 405",
        "POST, /, 405",
        "POST, /config_dump, 405",
        "GET, /logging, 405",
        "GET, /quitquitquit, 405",
        "PUT, /quitquitquit, 405"
    })
    void otherRequests_areRefused(String method, String path, int status) {
        assertThat(ask(method, path).status()).isEqualTo(status);
        assertThat(quits).hasValue(0);
    }

    @ParameterizedTest
    @CsvSource({"/debug/pprof/profile", "/debug/pprof/heap", "/debug/pprof/heap/profiling"})
    void profiles_sayWhatToUseInstead(String path) {
        HttpReply reply = ask("GET", path);
        assertThat(reply.status()).isEqualTo(501);
        assertThat(text(reply)).contains("jcmd <pid> JFR.start").contains("GC.heap_dump");
    }

    @Test
    void identities_areListedWithTheirCertificates() {
        String page = text(ask("GET", "/identities"));

        assertThat(page)
                .contains("\"identity\": \"" + certificate.id() + "\"")
                .contains("\"serving\": true")
                .contains("\"serial\": \"" + certificate.serial() + "\"")
                .contains("\"notAfter\": \"" + certificate.notAfter() + "\"")
                .contains("\"cluster.local\"");
    }

    @Test
    void quit_isAnsweredAndDone() {
        assertThat(text(ask("POST", "/quitquitquit"))).isEqualTo("shutdown now\n");
        assertThat(quits).hasValue(1);
    }

    @ParameterizedTest
    @CsvSource({"/quitquitquit", "/logging?level=off"})
    void changes_askedForByAWebPage_areRefused(String uri) {
        assertThat(ask("POST", uri, "origin", "https://evil.example").status()).isEqualTo(403);
        assertThat(quits).hasValue(0);
        assertThat(levels).isEqualTo(INITIAL);
    }

    @ParameterizedTest
    @CsvSource({
        "/logging, 'info,access=debug', 'current log level is info,access=debug'",
        "/logging?level=, 'info,access=debug', 'current log level is info,access=debug'",
        "/logging?level=warn, 'warn,access=debug', 'new log level is warn,access=debug'",
        "/logging?level=tunnel%3Ddebug, 'info,access=debug,tunnel=debug', 'new log level is'",
        "'/logging?level=error,access=off', 'error,access=off', 'new log level is error,access=off'",
        "/logging?reset, 'info,access=debug', 'new log level is info,access=debug'",
        "/logging?reset&level=warn, 'warn,access=debug', 'new log level is warn,access=debug'",
        "/logging?level=tunnel:debug, 'info,access=debug', 'Invalid level provided'",
        "/logging?level=loud, 'info,access=debug', 'Invalid level provided'"
    })
    void logging_changesTheLevels(String uri, String expected, String answer) {
        assertThat(text(ask("POST", uri))).startsWith(answer);

        assertThat(levels).hasToString(expected);
    }

    @Test
    void logging_reset_forgetsChanges() {
        ask("POST", "/logging?level=trace,tunnel=debug");

        ask("POST", "/logging?reset");

        assertThat(levels).isEqualTo(INITIAL);
    }

    @SuppressWarnings("unchecked")
    private Map<String, Object> dump() {
        HttpReply reply = ask("GET", "/config_dump");
        assertThat(reply.contentType()).isEqualTo("application/json");
        // JSON is YAML.
        return (Map<String, Object>) new Load(LoadSettings.builder().build()).loadFromString(text(reply));
    }

    @Test
    @SuppressWarnings("unchecked")
    void configDump_hasWhatIstioctlReads() {
        Map<String, Object> dump = dump();

        assertThat(dump)
                .containsOnlyKeys(
                        "workloads",
                        "services",
                        "policies",
                        "stagedServices",
                        "staticConfig",
                        "version",
                        "config",
                        "certificates",
                        "workloadState");
        assertThat((List<Map<String, Object>>) dump.get("workloads"))
                .singleElement()
                .satisfies(workload -> assertThat(workload).containsEntry("name", "client"));
        assertThat((Map<String, Object>) dump.get("version")).containsEntry("version", "1.2.3");
        assertThat((Map<String, Object>) dump.get("config"))
                .containsEntry("proxyMode", "Dedicated")
                .containsEntry("packetMark", 1337)
                .containsEntry("inboundAddr", "[::]:15008")
                .containsEntry("adminAddr", "127.0.0.1:15000")
                .containsEntry("requireOriginalSource", null)
                .containsEntry("localXds", "inline");
    }

    @Test
    @SuppressWarnings("unchecked")
    void configDump_certificate_isShownWithoutItsKey() {
        Map<String, Object> shown = ((List<Map<String, Object>>) dump().get("certificates")).get(0);

        assertThat(shown)
                .containsEntry("identity", "spiffe://cluster.local/ns/default/sa/client")
                .containsEntry("state", "Available");
        Map<String, Object> leaf = ((List<Map<String, Object>>) shown.get("certChain")).get(0);
        assertThat(leaf)
                .containsEntry(
                        "serialNumber", certificate.leaf().getSerialNumber().toString())
                .containsEntry("validFrom", certificate.notBefore().toString())
                .containsEntry("expirationTime", certificate.notAfter().toString());
        String pem = new String(Base64.getDecoder().decode((String) leaf.get("pem")), StandardCharsets.US_ASCII);
        assertThat(pem).startsWith("-----BEGIN CERTIFICATE-----\n").endsWith("\n-----END CERTIFICATE-----\n");
        assertThat((List<Object>) shown.get("rootCerts")).hasSize(1);
        String key = Base64.getEncoder().encodeToString(certificate.privateKey().getEncoded());
        assertThat(text(ask("GET", "/config_dump"))).doesNotContain("PRIVATE").doesNotContain(key);
    }

    @Test
    @SuppressWarnings("unchecked")
    void configDump_withoutCertificate_saysSo() {
        certificate = null;

        assertThat(((List<Map<String, Object>>) dump().get("certificates")).get(0))
                .containsEntry("state", "Unavailable")
                .containsEntry("certChain", List.of());
    }

    /** Holds what the test holds. */
    private final class OneCertificate implements ManagedIdentitySource {
        private final WorkloadIdentity self;

        OneCertificate(WorkloadIdentity self) {
            this.self = self;
        }

        @Override
        public String name() {
            return "test";
        }

        @Override
        public void prefetch(WorkloadIdentity workload) {}

        @Override
        public List<IdentityStatus> identities() {
            return List.of(new IdentityStatus(self, name(), certificate, null, null, null));
        }

        @Override
        public CompletionStage<WorkloadCertificate> certificate(WorkloadIdentity workload) {
            return CompletableFuture.completedStage(certificate);
        }

        @Override
        public WorkloadCertificate current(WorkloadIdentity workload) {
            return certificate;
        }

        @Override
        public Subscription subscribe(WorkloadIdentity workload, Listener listener) {
            return () -> {};
        }

        @Override
        public void forget(WorkloadIdentity workload) {}

        @Override
        public void close() {}
    }
}
