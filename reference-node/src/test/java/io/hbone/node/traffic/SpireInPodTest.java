package io.hbone.node.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.hbone.core.ConnectionObserver.ConnectionDetails;
import io.hbone.core.ConnectionObserver.Direction;
import io.hbone.identity.testing.Spire;
import io.hbone.node.Node;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One node for several pods, each of which is who a real SPIRE says, by its Delegated Identity API. */
@InPods
@Tag("peer")
@Timeout(180)
class SpireInPodTest {
    private static final Duration SOON = Duration.ofSeconds(60);

    private static Spire spire;

    private InPodMesh mesh;
    private Pod client;
    private Pod server;
    private Pod late;
    private Node node;

    @BeforeAll
    static void startSpire() {
        assumeTrue(Spire.missing().isEmpty(), Spire.missing());
        spire = Spire.start();
        register("buyer", Duration.ofHours(1));
        register("seller", Duration.ofHours(1));
    }

    @AfterAll
    static void stopSpire() {
        if (spire != null) {
            spire.close();
        }
    }

    private static void register(String account, Duration life) {
        spire.register(id(account), life, "k8s:ns:shop", "k8s:sa:" + account);
    }

    private static String id(String account) {
        return "spiffe://" + Spire.TRUST_DOMAIN + "/ns/shop/sa/" + account;
    }

    @BeforeEach
    void open() throws Exception {
        mesh = new InPodMesh("spire");
        client = mesh.pods().pod("client", "10.83.0.1");
        server = mesh.pods().pod("server", "10.83.0.2");
        late = mesh.pods().pod("late", "10.83.0.3");
        mesh.workload("c", "client", "buyer", client.v4());
        mesh.workload("s", "server", "seller", server.v4());
        mesh.workload("l", "late", "latecomer", late.v4());
        mesh.echo(server, InPodMesh.ECHO, "");
        mesh.echo(client, InPodMesh.ECHO, "");
        node = mesh.node(Map.of(
                "TRUST_DOMAIN", Spire.TRUST_DOMAIN,
                "HBONE_DEV_CA_DIR", "",
                "SPIRE_ENABLED", "true",
                "SPIRE_ADMIN_ENDPOINT_SOCKET", spire.admin().uri(),
                "HBONE_SPIRE_SELECTORS", "k8s:ns:{ns},k8s:sa:{sa}"));
        mesh.agent().seeded();
        mesh.enroll("c", "client", "buyer", client);
        mesh.enroll("s", "server", "seller", server);
        Mesh.redirect(client);
        Mesh.redirect(server);
    }

    @AfterEach
    void close() throws Exception {
        if (mesh != null) {
            mesh.close();
        }
    }

    @Test
    void podsHandedOver_talkAsWhoSpireSaysTheyAre_andSoDoesEachEndSeeIt() throws Exception {
        assertThat(InPodMesh.talk(client, server.v4(), InPodMesh.ECHO, "hello")).isEqualTo("hello");

        seen("buyer", "seller");
        assertThat(InPodMesh.talk(server, client.v4(), InPodMesh.ECHO, "back")).isEqualTo("back");
        seen("seller", "buyer");
        assertThat(mesh.seen().failures).isEmpty();
        assertThat(InPodMesh.get(node.adminAddress(), "/identities").body())
                .contains("\"identity\": \"" + id("buyer") + '"', "\"identity\": \"" + id("seller") + '"')
                .contains("\"source\": \"spire-selectors\"")
                .doesNotContain("\"serving\": false");
    }

    private void seen(String from, String to) {
        ConnectionDetails outbound = mesh.seen().last(Direction.OUTBOUND);
        assertThat(outbound.mutualTls()).isTrue();
        assertThat(outbound.sourceWorkload().identity()).hasToString(id(from));
        assertThat(outbound.destinationWorkload().identity()).hasToString(id(to));
        ConnectionDetails inbound = mesh.seen().last(Direction.INBOUND);
        assertThat(inbound.mutualTls()).isTrue();
        assertThat(inbound.sourceWorkload().identity()).hasToString(id(from));
        assertThat(inbound.destinationWorkload().identity()).hasToString(id(to));
    }

    /** Its neighbours are not held up, and nobody lends it an identity. */
    @Test
    void podWithoutAnEntry_isServedWithoutACertificate_untilSpireHasOne() throws Exception {
        mesh.enroll("l", "late", "latecomer", late);
        Mesh.redirect(late);
        assertThat(talks(late)).isFalse();
        assertThat(mesh.seen().opened)
                .noneMatch(details ->
                        "late".equals(details.sourceWorkload().name()) && details.direction() == Direction.INBOUND);
        assertThat(InPodMesh.talk(client, server.v4(), InPodMesh.ECHO, "hello")).isEqualTo("hello");

        register("latecomer", Duration.ofHours(1));

        await().atMost(SOON).until(() -> talks(late));
        seen("latecomer", "seller");
    }

    private boolean talks(Pod from) {
        try {
            return InPodMesh.talk(from, server.v4(), InPodMesh.ECHO, "it is me").equals("it is me");
        } catch (Exception e) {
            return false; // reset, or closed
        }
    }

    /** The agent is gone; what it has said holds. */
    @Test
    void agentOfSpireThatDies_isNotFelt_whileCertificatesAreValid() throws Exception {
        assertThat(InPodMesh.talk(client, server.v4(), InPodMesh.ECHO, "before"))
                .isEqualTo("before");
        spire.killAgent();
        try {
            assertThat(InPodMesh.talk(client, server.v4(), InPodMesh.ECHO, "without"))
                    .isEqualTo("without");
        } finally {
            spire.startAgent();
        }
        assertThat(InPodMesh.talk(client, server.v4(), InPodMesh.ECHO, "after")).isEqualTo("after");
    }
}
