package io.hbone.node.explain;

import static org.assertj.core.api.Assertions.assertThat;

import io.hbone.core.TrustDomain;
import io.hbone.node.config.LocalXds;
import io.hbone.node.http.HttpQuery;
import io.hbone.node.http.HttpReply;
import io.hbone.node.mesh.Mesh;
import io.hbone.xds.routing.RoutingSettings;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ExplainPageTest {
    private static final Mesh MESH = Mesh.load(new LocalXds.Inline("""
        workloads:
        - {uid: c, name: client, namespace: shop, serviceAccount: buyer, protocol: HBONE, workloadIps: ["10.0.0.1"], services: {}}
        - {uid: s, name: server, namespace: shop, serviceAccount: seller, workloadIps: [], hostname: db.example.com,
           services: {shop/db.shop.svc.cluster.local: {5432: 5432}}}
        services:
        - {name: db, namespace: shop, hostname: db.shop.svc.cluster.local, vips: ["/10.9.0.1"], ports: {5432: 5432}}
        """), TrustDomain.of("cluster.local"));

    private final CompletableFuture<List<InetAddress>> resolved = new CompletableFuture<>();
    private final List<String> asked = new CopyOnWriteArrayList<>();

    private CompletableFuture<HttpReply> explain(Duration patience) {
        RoutingSettings routing = new RoutingSettings("", Set.of(15008), false, true, true);
        Explainer explainer = MESH.explainer(routing, hostname -> {
            asked.add(hostname);
            return resolved;
        });
        HttpQuery query = new HttpQuery(
                "GET",
                ExplainPage.PATH,
                Map.of("src", List.of("shop/client"), "dst", List.of("db.shop.svc.cluster.local:5432")),
                EmptyHttpHeaders.INSTANCE);
        return new ExplainPage(explainer, patience).serve(query).toCompletableFuture();
    }

    private static String text(HttpReply reply) {
        return new String(reply.body(), StandardCharsets.UTF_8);
    }

    @Test
    void workloadThatHasOnlyAName_isExplainedWhenTheNameIsResolved() throws Exception {
        CompletableFuture<HttpReply> reply = explain(Duration.ofSeconds(30));
        assertThat(asked).containsExactly("db.example.com");
        assertThat(reply).isNotDone();

        resolved.complete(List.of(InetAddress.getByName("192.0.2.7")));

        assertThat(reply.get(10, TimeUnit.SECONDS).status()).isEqualTo(200);
        assertThat(text(reply.join())).contains("plaintext to 192.0.2.7:5432", "ALLOWED: ");
    }

    @Test
    void nameThatDoesNotExist_isAnExplanation_too() throws Exception {
        CompletableFuture<HttpReply> reply = explain(Duration.ofSeconds(30));

        resolved.completeExceptionally(new UnknownHostException("db.example.com"));

        assertThat(reply.get(10, TimeUnit.SECONDS).status()).isEqualTo(200);
        assertThat(text(reply.join())).contains("NOT ALLOWED: ", "db.example.com");
    }

    @Test
    void nameServerThatIsSilent_isSaid() throws Exception {
        HttpReply reply = explain(Duration.ofMillis(1)).get(10, TimeUnit.SECONDS);

        assertThat(reply.status()).isEqualTo(503);
        assertThat(text(reply)).startsWith("db.shop.svc.cluster.local:5432: not explained within ");
    }
}
