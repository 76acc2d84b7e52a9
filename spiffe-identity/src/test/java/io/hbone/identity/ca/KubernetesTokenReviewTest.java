package io.hbone.identity.ca;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.gson.JsonParser;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import io.hbone.identity.internal.SigningCa;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Against an API server of the test's own, over HTTPS. */
@Timeout(60)
class KubernetesTokenReviewTest {
    private static final TrustDomain TRUST_DOMAIN = TrustDomain.of("cluster.local");
    private static final SpiffeId BUYER = SpiffeId.ofServiceAccount(TRUST_DOMAIN, "shop", "buyer");

    @TempDir
    private Path directory;

    private final List<String> requests = new CopyOnWriteArrayList<>();
    private volatile String review = "{}";
    private volatile String pods = "{\"items\":[]}";
    private volatile int status = 200;
    private HttpsServer server;
    private KubernetesTokenReview reviewer;

    @BeforeEach
    void start() throws Exception {
        TrustDomain domain = TrustDomain.of("api");
        CertificateAuthority ca = CertificateAuthority.open(directory.resolve("ca"), domain, Clock.systemUTC());
        KeyPair key = SigningCa.newKey();
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        Certificate leaf = ca.issueServing(List.of("localhost"), key.getPublic(), Duration.ofHours(1));
        store.setKeyEntry("key", key.getPrivate(), new char[0], new Certificate[] {leaf});
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(store, new char[0]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(context));
        server.createContext("/", exchange -> {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI() + " "
                    + exchange.getRequestHeaders().getFirst("Authorization") + " " + body);
            String path = exchange.getRequestURI().getPath();
            String answer = path.endsWith("/tokenreviews")
                    ? review
                    : path.endsWith("/pods") ? pods : "{\"spec\":{\"nodeName\":\"node-b\"}}";
            byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(status, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        server.start();
        Path token = Files.writeString(directory.resolve("token"), "own-token\n");
        reviewer = KubernetesTokenReview.of(
                URI.create("https://localhost:" + server.getAddress().getPort()),
                token,
                CertificateAuthority.rootFile(directory.resolve("ca"), domain),
                TRUST_DOMAIN,
                "istio-ca",
                Set.of("istio-system/ztunnel"));
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answer(String user, String extra) {
        review = "{\"status\":{\"authenticated\":true,\"audiences\":[\"istio-ca\"],\"user\":{\"username\":\"" + user
                + "\",\"extra\":{" + extra + "}}}}";
    }

    private Caller authenticate() {
        return reviewer.authenticate("a \"token\"").toCompletableFuture().join();
    }

    private static boolean may(Caller caller, SpiffeId id, boolean impersonated) {
        return caller.mayHave(id, impersonated).toCompletableFuture().join();
    }

    @Test
    void authenticate_pod_mayHaveItsOwnCertificateAlone() {
        answer("system:serviceaccount:shop:buyer", "");

        Caller caller = authenticate();

        assertThat(caller.self()).isEqualTo(BUYER);
        assertThat(caller.name()).isEqualTo("shop/buyer");
        assertThat(may(caller, BUYER, false)).isTrue();
        assertThat(may(caller, BUYER, true)).isFalse();
        assertThat(may(caller, SpiffeId.ofServiceAccount(TRUST_DOMAIN, "shop", "other"), false))
                .isFalse();
        String request = requests.get(0);
        assertThat(request).startsWith("POST /apis/authentication.k8s.io/v1/tokenreviews Bearer own-token {");
        assertThat(JsonParser.parseString(request.substring(request.indexOf('{')))
                        .getAsJsonObject()
                        .getAsJsonObject("spec")
                        .toString())
                .isEqualTo("{\"token\":\"a \\\"token\\\"\",\"audiences\":[\"istio-ca\"]}");
    }

    @Test
    void authenticate_nodeAccount_mayHaveWhatRunsOnItsNode() {
        answer("system:serviceaccount:istio-system:ztunnel", "\"authentication.kubernetes.io/node-name\":[\"node-a\"]");
        Caller caller = authenticate();

        assertThat(may(caller, BUYER, true)).isFalse();
        pods = "{\"items\":[{}]}";
        assertThat(may(caller, BUYER, true)).isTrue();

        assertThat(requests.get(2))
                .startsWith("GET /api/v1/namespaces/shop/pods?limit=1&fieldSelector=spec.nodeName%3Dnode-a%2C"
                        + "spec.serviceAccountName%3Dbuyer ");
    }

    @Test
    void authenticate_tokenWithoutANode_isAskedForByItsPod() {
        answer(
                "system:serviceaccount:istio-system:ztunnel",
                "\"authentication.kubernetes.io/pod-name\":[\"ztunnel-x\"]");
        pods = "{\"items\":[{}]}";

        assertThat(may(authenticate(), BUYER, true)).isTrue();

        assertThat(requests.get(1)).startsWith("GET /api/v1/namespaces/istio-system/pods/ztunnel-x ");
        assertThat(requests.get(2)).contains("node-b");
    }

    @Test
    void authenticate_notAuthenticated_otherAudience_noServiceAccount_isRejected() {
        review = "{\"status\":{\"authenticated\":false,\"error\":\"expired\"}}";
        assertThatThrownBy(this::authenticate)
                .hasCauseInstanceOf(TokenRejectedException.class)
                .hasMessageContaining("expired");
        review = "{\"status\":{\"authenticated\":true,\"user\":{\"username\":\"system:serviceaccount:a:b\"}}}";
        assertThatThrownBy(this::authenticate).hasMessageContaining("audiences null (expected: istio-ca among them)");
        answer("system:node:node-a", "");
        assertThatThrownBy(this::authenticate).hasMessageContaining("(expected: a service account)");
    }

    @Test
    void authenticate_apiServerThatFails_isNoRejection() {
        status = 403;
        assertThatThrownBy(this::authenticate)
                .hasMessageContaining("answered 403: look at the ClusterRole of our service account");
        status = 200;
        review = "[1";
        assertThatThrownBy(this::authenticate).hasMessageContaining("TokenReview not understood");
    }
}
