package io.hbone.xds.server;

import static io.hbone.xds.TypeUrl.ADDRESS;
import static io.hbone.xds.TypeUrl.AUTHORIZATION;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.hbone.xds.NamedResource;
import io.hbone.xds.ads.AdsClient;
import io.hbone.xds.ads.GrpcAdsTransport;
import io.hbone.xds.ads.Lookup;
import io.hbone.xds.ads.NodeInfo;
import io.hbone.xds.ads.XdsAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Our client and our server over real sockets. */
class AdsEndToEndTest {
    @TempDir
    Path folder;

    private final MeshResources resources = new MeshResources();
    private final RecordingSink addresses = new RecordingSink();
    private final RecordingSink policies = new RecordingSink();
    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : open) {
            one.close();
        }
    }

    private Path socket() {
        return folder.resolve("xds.sock");
    }

    private AdsServer serve() throws IOException {
        return serve(AdsServer.builder(resources));
    }

    private AdsServer serve(AdsServer.Builder builder) throws IOException {
        AdsServer server = builder.listen(socket());
        open.add(server);
        return server;
    }

    private AdsClient client() {
        return client(GrpcAdsTransport.builder(new XdsAddress.Unix(socket())).build(), addresses, "node-1");
    }

    private AdsClient client(GrpcAdsTransport transport, RecordingSink to, String node) {
        AdsClient client = AdsClient.builder(transport)
                .all(ADDRESS, to)
                .all(AUTHORIZATION, policies)
                .node(NodeInfo.ofZtunnel(Map.of("NODE_NAME", node)))
                .start();
        open.add(0, client);
        return client;
    }

    private static NamedResource resource(String name, String body, String... aliases) {
        return new NamedResource(name, "", List.of(aliases), ByteString.copyFromUtf8(body));
    }

    private static void ready(AdsClient client) throws Exception {
        client.ready().toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    private static Lookup lookup(AdsClient client, String name) throws Exception {
        return client.lookup(ADDRESS, name).toCompletableFuture().get(20, TimeUnit.SECONDS);
    }

    @Test
    void everything_overUnixSocket_arrives_andChangesFollow() throws Exception {
        resources.put(ADDRESS, resource("w1", "one"));
        resources.put(AUTHORIZATION, resource("ns/p", "policy"));
        serve();
        AdsClient client = client();
        ready(client);
        assertThat(addresses.names()).containsExactly("w1");
        assertThat(policies.names()).containsExactly("ns/p");
        resources.put(ADDRESS, resource("w1", "changed"));
        resources.put(ADDRESS, resource("w2", "two"));
        resources.remove(AUTHORIZATION, "ns/p");
        await().until(() -> addresses.body("w1").equals("changed")
                && addresses.names().contains("w2")
                && policies.names().isEmpty());
    }

    @Test
    void emptyServer_answersBothTypes_soThatClientsGetReady() throws Exception {
        serve();
        ready(client());
        assertThat(addresses.names()).isEmpty();
    }

    @Test
    void overTls_withRootsAndToken_arrives() throws Exception {
        TestCertificates.Pair pair = TestCertificates.localhost(folder);
        resources.put(ADDRESS, resource("w1", "one"));
        AdsServer server = AdsServer.builder(resources)
                .tls(pair.chain(), pair.key())
                .listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        open.add(server);
        Path token = Files.writeString(folder.resolve("token"), "secret\n");
        XdsAddress address = XdsAddress.parse("https://localhost:" + server.port());
        AdsClient client = client(
                GrpcAdsTransport.builder(address)
                        .roots(pair.chain().toString())
                        .token(token.toString())
                        .clusterId("Kubernetes")
                        .build(),
                addresses,
                "node-1");
        ready(client);
        assertThat(addresses.names()).containsExactly("w1");
    }

    /** ALT_XDS_HOSTNAME names one more, and does not take the address's own away. */
    @ParameterizedTest
    @CsvSource({
        "localhost, istiod.other.svc, true",
        "127.0.0.2, localhost, true",
        "127.0.0.2, LOCALHOST, true",
        "127.0.0.1, istiod.other.svc, true",
        "127.0.0.2, istiod.other.svc, false"
    })
    void overTls_certificateForTheAddressOrTheAlternativeName_isTaken(String host, String alternative, boolean taken)
            throws Exception {
        TestCertificates.Pair pair = TestCertificates.localhost(folder);
        AdsServer server =
                AdsServer.builder(resources).tls(pair.chain(), pair.key()).listen(new InetSocketAddress(host, 0));
        open.add(server);
        AdsClient client = client(
                GrpcAdsTransport.builder(XdsAddress.parse("https://" + host + ":" + server.port()))
                        .roots(pair.chain().toString())
                        .alternativeName(alternative)
                        .build(),
                addresses,
                "node-1");

        if (taken) {
            ready(client);
        } else {
            await().until(() -> client.status().streams() > 2);
            assertThat(client.isReady()).isFalse();
        }
    }

    @Test
    void overTls_toAServerOfSomebodyElse_isNeverReady() throws Exception {
        TestCertificates.Pair pair = TestCertificates.localhost(folder);
        Path other = Files.createDirectory(folder.resolve("other"));
        AdsServer server = AdsServer.builder(resources)
                .tls(pair.chain(), pair.key())
                .listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        open.add(server);
        AdsClient client = client(
                GrpcAdsTransport.builder(XdsAddress.parse("localhost:" + server.port()))
                        .roots(TestCertificates.localhost(other).chain().toString())
                        .build(),
                addresses,
                "node-1");
        await().until(() -> client.status().streams() > 2);
        assertThat(client.isReady()).isFalse();
        assertThat(client.status().lastError()).contains("UNAVAILABLE");
    }

    @Test
    void manyResources_comeInBatchesBelowTheMessageLimit_andReadinessWaitsForTheLast() throws Exception {
        String body = "x".repeat(10_000);
        resources.apply(
                ADDRESS,
                IntStream.range(0, 1000).mapToObj(i -> resource("w" + i, body)).toList(),
                List.of());
        serve();
        AdsClient client = client();
        ready(client);
        assertThat(addresses.names()).hasSize(1000);
        assertThat(addresses.batches.get()).isGreaterThan(5);
    }

    /** ztunnel and Cilium's server keep it: here it is removed. */
    @Test
    void gap_workloadRemovedWhileTheStreamWasDown_isGoneAfterReconnect() throws Exception {
        resources.put(ADDRESS, resource("stays", "one"));
        resources.put(ADDRESS, resource("goes", "two"));
        AdsServer server = serve();
        AdsClient client = client();
        ready(client);
        server.close();
        resources.remove(ADDRESS, "goes");
        resources.put(ADDRESS, resource("comes", "three"));
        int before = addresses.upserts.get();
        serve();
        await().until(() -> addresses.names().contains("comes"));
        assertThat(addresses.names()).containsExactlyInAnyOrder("stays", "comes");
        assertThat(addresses.upserts.get() - before)
                .as("what has not changed is not sent again")
                .isEqualTo(1);
    }

    @Test
    void serverThatRestartsWithTheSameResources_sendsNothingAgain() throws Exception {
        resources.put(ADDRESS, resource("w", "one"));
        AdsServer server = serve();
        AdsClient client = client();
        ready(client);
        server.close();
        MeshResources again = new MeshResources();
        again.put(ADDRESS, resource("w", "one"));
        open.add(AdsServer.builder(again).listen(socket()));
        await().until(() -> client.status().connected() && client.status().streams() > 1);
        again.put(ADDRESS, resource("x", "two"));
        await().until(() -> addresses.names().contains("x"));
        assertThat(addresses.upserts).hasValue(2);
    }

    @Test
    void badResource_isNackedByName_andTheGoodOnesApply() throws Exception {
        resources.put(ADDRESS, resource("broken", "bad"));
        resources.put(ADDRESS, resource("fine", "one"));
        AdsServer server = serve();
        AdsClient client = client();
        ready(client);
        assertThat(addresses.names()).containsExactly("fine");
        await().until(() -> server.clients().get(0).types().get(ADDRESS).nacked() == 1);
        assertThat(server.clients().get(0).types().get(ADDRESS).lastError()).isEqualTo("broken: bad (expected: good)");
        assertThat(client.status().types().get(ADDRESS).rejections()).containsExactly("broken: bad (expected: good)");
    }

    @Test
    void filter_showsEachNodeItsOwn() throws Exception {
        resources.put(ADDRESS, resource("a", "node-1"));
        resources.put(ADDRESS, resource("b", "node-2"));
        serve(AdsServer.builder(resources)
                .filter((node, type, resource) -> resource.body().toStringUtf8().equals(node.nodeName())));
        RecordingSink second = new RecordingSink();
        ready(client());
        ready(client(GrpcAdsTransport.builder(new XdsAddress.Unix(socket())).build(), second, "node-2"));
        assertThat(addresses.names()).containsExactly("a");
        assertThat(second.names()).containsExactly("b");
        resources.put(ADDRESS, resource("a", "node-2"));
        await().until(() -> addresses.names().isEmpty() && second.names().size() == 2);
    }

    @Test
    void onDemand_byAlias_bringsTheResource_andAServiceItsEndpoints() throws Exception {
        resources.put(ADDRESS, resource("ns/svc.local", "service", "net/10.1.0.1"));
        resources.put(ADDRESS, resource("uid1", "endpoint", "net/10.0.0.1", "ns/svc.local"));
        resources.put(ADDRESS, resource("uid2", "other", "net/10.0.0.2"));
        serve();
        AdsClient client = AdsClient.builder(
                        GrpcAdsTransport.builder(new XdsAddress.Unix(socket())).build())
                .onDemand(ADDRESS, addresses)
                .all(AUTHORIZATION, policies)
                .start();
        open.add(0, client);
        ready(client);
        assertThat(addresses.names()).isEmpty();
        assertThat(lookup(client, "net/10.1.0.1")).isEqualTo(Lookup.FOUND);
        assertThat(addresses.names()).contains("ns/svc.local", "uid1").doesNotContain("uid2");
        assertThat(lookup(client, "net/10.9.9.9")).isEqualTo(Lookup.ABSENT);
        resources.put(ADDRESS, resource("uid1", "moved", "net/10.0.0.1", "ns/svc.local"));
        await().until(() -> addresses.body("uid1").equals("moved"));
        resources.remove(ADDRESS, "uid1");
        await().until(() -> !addresses.names().contains("uid1"));
        resources.put(ADDRESS, resource("uid9", "late", "net/10.9.9.9"));
        await().until(() -> addresses.names().contains("uid9"));
    }

    @Test
    void twoStreams_doNotStealFromEachOther() throws Exception {
        serve();
        RecordingSink second = new RecordingSink();
        ready(client());
        ready(client(GrpcAdsTransport.builder(new XdsAddress.Unix(socket())).build(), second, "node-2"));
        for (int i = 0; i < 200; i++) {
            resources.put(ADDRESS, resource("w" + i, "one"));
        }
        await().until(() -> addresses.names().size() == 200 && second.names().size() == 200);
    }

    @Test
    void removalsAreForgotten_whenAllClientsHaveSeenThem() throws Exception {
        serve();
        ready(client());
        for (int i = 0; i < 1000; i++) {
            resources.put(ADDRESS, resource("w" + i, "one"));
            resources.remove(ADDRESS, "w" + i);
        }
        resources.put(ADDRESS, resource("last", "one"));
        await().until(() -> addresses.names().contains("last"));
        await().until(() -> resources.table(ADDRESS).removals() <= 256);
        assertThat(addresses.names()).containsExactly("last");
    }

    @Test
    void tooLargeAResource_isRefusedWhereItIsPut() {
        NamedResource large = resource("large", "x".repeat(MeshResources.MAX_BODY + 1));
        assertThat(resources.apply(ADDRESS, List.of(large, resource("small", "one")), List.of()))
                .singleElement()
                .satisfies(rejection -> assertThat(rejection.toString()).startsWith("large: 3145729 bytes (expected"));
        assertThat(resources.snapshot(ADDRESS)).hasSize(1);
    }

    @Test
    void replace_removesWhatIsNotThereAnyMore() {
        resources.put(ADDRESS, resource("a", "one"));
        resources.put(ADDRESS, resource("b", "one"));
        resources.replace(ADDRESS, List.of(resource("b", "one"), resource("c", "one")));
        assertThat(resources.snapshot(ADDRESS)).extracting(NamedResource::name).containsExactlyInAnyOrder("b", "c");
    }
}
