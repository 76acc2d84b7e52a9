package io.hbone.xds.ads;

import static io.hbone.xds.TypeUrl.ADDRESS;
import static io.hbone.xds.TypeUrl.AUTHORIZATION;
import static io.hbone.xds.ads.FakeServer.resource;
import static io.hbone.xds.ads.FakeServer.response;
import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Status;
import io.hbone.xds.proto.discovery.DeltaDiscoveryRequest;
import io.hbone.xds.proto.discovery.DeltaDiscoveryResponse;
import io.hbone.xds.proto.discovery.Resource;
import io.hbone.xds.server.RecordingSink;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The client against a server that does what a test wants, in time that passes when a test wants. */
class AdsClientTest {
    private final FakeExecutor time = new FakeExecutor();
    private final FakeServer server = new FakeServer();
    private final RecordingSink addresses = new RecordingSink();
    private final RecordingSink policies = new RecordingSink();
    private AdsClient client;

    private void start() {
        client = builder().all(ADDRESS, addresses).all(AUTHORIZATION, policies).start();
        time.runNow();
    }

    private void startOnDemand() {
        client = builder()
                .onDemand(ADDRESS, addresses)
                .all(AUTHORIZATION, policies)
                .start();
        time.runNow();
    }

    private AdsClient.Builder builder() {
        return AdsClient.builder(server)
                .node(NodeInfo.ofZtunnel(Map.of("POD_NAME", "zt", "POD_NAMESPACE", "system", "NODE_NAME", "n1")))
                .random(new Random(1))
                .executor(time, time::nanoTime);
    }

    private void respond(DeltaDiscoveryResponse.Builder response) {
        server.last().respond(response);
        time.runNow();
    }

    private static Resource workload(String name, String version, String... aliases) {
        return resource(ADDRESS, name, version, "body", aliases);
    }

    private void end(Status why) {
        server.last().end(why);
        time.runNow();
    }

    /** @return how long the client paused */
    private long reconnect() {
        int before = server.streams.size();
        long pause = time.nextNanos();
        time.pass(pause, TimeUnit.NANOSECONDS);
        assertThat(server.streams).hasSize(before + 1);
        return pause;
    }

    @Test
    void firstRequests_askForBothTypes_theFirstOneWithTheNode() {
        start();
        List<DeltaDiscoveryRequest> requests = server.last().requests;
        assertThat(requests).extracting(DeltaDiscoveryRequest::getTypeUrl).containsExactly(ADDRESS, AUTHORIZATION);
        assertThat(requests.get(0).getNode().getId()).isEqualTo("ztunnel~1.1.1.1~zt.system~system.svc.cluster.local");
        assertThat(requests.get(0)
                        .getNode()
                        .getMetadata()
                        .getFieldsOrThrow("NODE_NAME")
                        .getStringValue())
                .isEqualTo("n1");
        assertThat(requests.get(1).hasNode()).isFalse();
        assertThat(requests).allSatisfy(request -> {
            assertThat(request.getResourceNamesSubscribeList()).isEmpty();
            assertThat(request.getInitialResourceVersionsMap()).isEmpty();
        });
    }

    @Test
    void goodResponse_isAckedWithItsNonce() {
        start();
        respond(response(ADDRESS, workload("w", "1")));
        assertThat(server.last().lastRequest())
                .isEqualTo(DeltaDiscoveryRequest.newBuilder()
                        .setTypeUrl(ADDRESS)
                        .setResponseNonce("n1")
                        .build());
        assertThat(addresses.names()).containsExactly("w");
    }

    @Test
    void malformedResourceAmongGoodOnes_isNackedByName_andTheGoodOnesApply() {
        start();
        respond(response(ADDRESS, workload("w", "1"), resource(ADDRESS, "x", "1", "bad"), workload("y", "1")));
        assertThat(addresses.names()).containsExactlyInAnyOrder("w", "y");
        assertThat(server.last().lastRequest().getErrorDetail().getMessage()).isEqualTo("x: bad (expected: good)");
        assertThat(server.last().lastRequest().getResponseNonce()).isEqualTo("n1");
    }

    @Test
    void resourceOfAnotherType_isNackedByName() {
        start();
        respond(response(ADDRESS, resource(AUTHORIZATION, "x", "1", "body"), workload("w", "1")));
        assertThat(addresses.names()).containsExactly("w");
        assertThat(server.last().lastRequest().getErrorDetail().getMessage())
                .isEqualTo("x: type " + AUTHORIZATION + " (expected: " + ADDRESS + ")");
    }

    @Test
    void unknownType_isNacked_andTheStreamGoesOn() {
        start();
        respond(response("type.googleapis.com/unknown"));
        assertThat(server.last().lastRequest().getErrorDetail().getMessage()).contains("unknown");
        respond(response(ADDRESS, workload("w", "1")));
        assertThat(addresses.names()).containsExactly("w");
    }

    @Test
    void readiness_waitsForTheFirstAnswerOfBothTypes() {
        start();
        respond(response(ADDRESS));
        assertThat(client.isReady()).isFalse();
        respond(response(AUTHORIZATION));
        assertThat(client.isReady()).isTrue();
    }

    @Test
    void readiness_waitsForTheEndOfAnAnswerThatIsContinued() {
        start();
        respond(response(AUTHORIZATION));
        respond(response(ADDRESS, workload("w", "1")).setSystemVersionInfo("5;more"));
        assertThat(client.isReady()).isFalse();
        respond(response(ADDRESS, workload("x", "1")).setSystemVersionInfo("9"));
        assertThat(client.isReady()).isTrue();
    }

    @Test
    void badResourceInTheFirstAnswer_doesNotKeepANodeFromBeingReady() {
        start();
        respond(response(ADDRESS, resource(ADDRESS, "x", "1", "bad")));
        respond(response(AUTHORIZATION));
        assertThat(client.isReady()).isTrue();
    }

    @Test
    void reconnect_saysWhatIsHeld_withoutWhatWasRejected() {
        start();
        respond(response(ADDRESS, workload("w", "1"), workload("v", "7"), resource(ADDRESS, "x", "1", "bad")));
        respond(response(ADDRESS).addRemovedResources("v"));
        end(Status.UNAVAILABLE);
        reconnect();
        assertThat(server.last().requests.get(0).getInitialResourceVersionsMap())
                .containsExactly(Map.entry("w", "1"));
        assertThat(server.last().requests.get(0).hasNode()).isTrue();
    }

    @Test
    void streamDown_keepsWhatIsHeld() {
        start();
        respond(response(ADDRESS, workload("w", "1")));
        end(Status.UNAVAILABLE);
        time.pass(100, TimeUnit.SECONDS);
        assertThat(addresses.names()).containsExactly("w");
    }

    @Test
    void gap_removedWhileAway_isRemovedWhenTheServerSaysSo() {
        start();
        respond(response(ADDRESS, workload("w", "1"), workload("v", "1")));
        end(Status.UNAVAILABLE);
        reconnect();
        respond(response(ADDRESS).addRemovedResources("v"));
        assertThat(addresses.names()).containsExactly("w");
    }

    @Test
    void gap_removedWhileAway_isRemovedAfterAWhile_whenTheServerSendsEverythingAgain() {
        start();
        respond(response(ADDRESS, workload("w", ""), workload("v", "")));
        end(Status.UNAVAILABLE);
        reconnect();
        respond(response(ADDRESS, workload("w", "")));
        assertThat(addresses.names()).contains("v");
        time.pass(31, TimeUnit.SECONDS);
        assertThat(addresses.names()).containsExactly("w");
    }

    @Test
    void unchangedAfterReconnect_staysWhenTheServerSendsOnlyWhatHasChanged() {
        start();
        respond(response(ADDRESS, workload("w", "1"), workload("v", "1")));
        end(Status.UNAVAILABLE);
        reconnect();
        respond(response(ADDRESS, workload("w", "2")));
        time.pass(31, TimeUnit.SECONDS);
        assertThat(addresses.names()).containsExactlyInAnyOrder("w", "v");
    }

    @Test
    void serverThatClosesAtOnceAgainAndAgain_isMetWithLongerAndLongerPauses() {
        start();
        List<Long> pauses = new ArrayList<>();
        for (int i = 0; i < 16; i++) {
            end(i % 2 == 0 ? Status.OK : Status.UNAVAILABLE);
            pauses.add(reconnect());
        }
        long due = TimeUnit.MILLISECONDS.toNanos(10);
        for (long pause : pauses) {
            assertThat(pause).isBetween(due / 2, due);
            due = Math.min(2 * due, TimeUnit.SECONDS.toNanos(15));
        }
    }

    @Test
    void streamThatLasted_letsTheNextPauseBeShort() {
        start();
        for (int i = 0; i < 8; i++) {
            end(Status.UNAVAILABLE);
            reconnect();
        }
        respond(response(ADDRESS));
        respond(response(AUTHORIZATION));
        time.pass(11, TimeUnit.SECONDS);
        end(Status.OK);
        assertThat(reconnect()).isLessThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(10));
    }

    /** As a server of the same machine whose coming is noticed: it is not to be waited for as long as it was away. */
    @Test
    void retryNow_endsAPause_andLetsTheNextOnesBeShort() {
        start();
        for (int i = 0; i < 12; i++) {
            end(Status.UNAVAILABLE);
            reconnect();
        }
        end(Status.UNAVAILABLE);
        assertThat(time.nextNanos()).isGreaterThan(TimeUnit.SECONDS.toNanos(5));
        int before = server.streams.size();

        client.retryNow();
        client.retryNow();
        time.runNow();

        assertThat(server.streams).as("at once, and once").hasSize(before + 1);
        end(Status.UNAVAILABLE);
        assertThat(reconnect()).isLessThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(10));
        time.pass(20, TimeUnit.SECONDS);
        assertThat(server.streams).as("and not at the end of the long pause").hasSize(before + 2);
    }

    @Test
    void retryNow_whileAStreamIsBeingOpened_letsItsFailureCountAsTheFirst() {
        start();
        for (int i = 0; i < 12; i++) {
            end(Status.UNAVAILABLE);
            reconnect();
        }
        client.retryNow();
        end(Status.UNAVAILABLE);
        assertThat(reconnect()).isLessThanOrEqualTo(TimeUnit.MILLISECONDS.toNanos(10));
    }

    @ParameterizedTest
    @ValueSource(strings = {"opening", "open", "closed"})
    void retryNow_withoutAPause_doesNothing(String state) {
        start();
        if (state.equals("open")) {
            respond(response(ADDRESS));
            respond(response(AUTHORIZATION));
        } else if (state.equals("closed")) {
            end(Status.UNAVAILABLE);
            client.close();
        }

        client.retryNow();
        time.pass(20, TimeUnit.SECONDS);

        assertThat(server.streams).hasSize(1);
        assertThat(server.last().cancelled).as("which is left alone").isEqualTo(state.equals("closed"));
    }

    @Test
    void serverThatStalls_isLeftForAnotherStream() {
        start();
        respond(response(ADDRESS));
        time.pass(61, TimeUnit.SECONDS);
        assertThat(server.streams.size()).isGreaterThan(1);
        assertThat(server.streams.get(0).cancelled).isTrue();
        assertThat(client.status().lastError()).contains("did not answer every type");
    }

    @Test
    void serverThatIsSlowButNotSilent_isWaitedFor() {
        start();
        for (int i = 0; i < 5; i++) {
            time.pass(50, TimeUnit.SECONDS);
            respond(response(ADDRESS, workload("w" + i, "1")).setSystemVersionInfo(i + ";more"));
        }
        assertThat(server.streams).hasSize(1);
        time.pass(61, TimeUnit.SECONDS);
        assertThat(server.streams.get(0).cancelled).isTrue();
    }

    @Test
    void serverThatFloods_isReadOneResponseAtATime() {
        start();
        FakeServer.FakeStream stream = server.last();
        assertThat(stream.wanted).isEqualTo(1);
        stream.respond(response(ADDRESS, workload("w", "1")));
        assertThat(stream.wanted).as("not before the response is taken").isZero();
        time.runNow();
        assertThat(stream.wanted).isEqualTo(1);
    }

    @Test
    void responseOfAStreamThatHasEnded_isIgnored() {
        start();
        FakeServer.FakeStream old = server.last();
        end(Status.UNAVAILABLE);
        reconnect();
        old.client.onResponse(response(ADDRESS, workload("late", "1")).build());
        old.client.onClosed(Status.UNAVAILABLE);
        time.runNow();
        assertThat(addresses.names()).isEmpty();
        assertThat(server.streams).hasSize(2);
    }

    @Test
    void onDemand_beginsWithNothing_andIsReadyWithoutAnAnswer() {
        startOnDemand();
        DeltaDiscoveryRequest first = server.last().requests.get(0);
        assertThat(first.getResourceNamesSubscribeList()).containsExactly("*");
        assertThat(first.getResourceNamesUnsubscribeList()).containsExactly("*");
        respond(response(AUTHORIZATION));
        assertThat(client.isReady()).isTrue();
    }

    private CompletableFuture<Lookup> lookup(String name) {
        CompletableFuture<Lookup> result = client.lookup(ADDRESS, name).toCompletableFuture();
        time.runNow();
        return result;
    }

    @Test
    void lookup_subscribesOnce_andEveryoneIsAnswered() {
        startOnDemand();
        CompletableFuture<Lookup> one = lookup("net/10.0.0.1");
        CompletableFuture<Lookup> two = lookup("net/10.0.0.1");
        assertThat(server.last().requests).hasSize(3);
        assertThat(server.last().lastRequest().getResourceNamesSubscribeList()).containsExactly("net/10.0.0.1");
        respond(response(ADDRESS, workload("net/10.0.0.1", "1")));
        assertThat(one).isCompletedWithValue(Lookup.FOUND);
        assertThat(two).isCompletedWithValue(Lookup.FOUND);
    }

    /** ztunnel looks at names alone, and waits for ever. */
    @Test
    void defect_resourceUnderItsCanonicalName_endsTheWaitForItsAlias() {
        startOnDemand();
        CompletableFuture<Lookup> waiting = lookup("net/10.0.0.1");
        respond(response(ADDRESS, workload("uid", "1", "net/10.0.0.1")));
        assertThat(waiting).isCompletedWithValue(Lookup.FOUND);
        assertThat(lookup("net/10.0.0.1")).isCompletedWithValue(Lookup.FOUND);
    }

    @Test
    void defect_lookupThatNobodyAnswers_ends() {
        startOnDemand();
        CompletableFuture<Lookup> waiting = lookup("net/10.0.0.1");
        time.pass(5, TimeUnit.SECONDS);
        assertThat(waiting).isCompletedWithValue(Lookup.TIMED_OUT);
    }

    @Test
    void lookupOfWhatDoesNotExist_isRememberedUntilItComes() {
        startOnDemand();
        CompletableFuture<Lookup> waiting = lookup("net/10.0.0.1");
        respond(response(ADDRESS).addRemovedResources("net/10.0.0.1"));
        assertThat(waiting).isCompletedWithValue(Lookup.ABSENT);
        assertThat(lookup("net/10.0.0.1")).isCompletedWithValue(Lookup.ABSENT);
        respond(response(ADDRESS, workload("uid", "1", "net/10.0.0.1")));
        assertThat(lookup("net/10.0.0.1")).isCompletedWithValue(Lookup.FOUND);
    }

    @Test
    void lookups_areAskedForAgainOnTheNextStream() {
        startOnDemand();
        CompletableFuture<Lookup> waiting = lookup("net/10.0.0.1");
        end(Status.UNAVAILABLE);
        reconnect();
        assertThat(server.last().requests.get(0).getResourceNamesSubscribeList())
                .containsExactly("net/10.0.0.1");
        respond(response(ADDRESS, workload("net/10.0.0.1", "1")));
        assertThat(waiting).isCompletedWithValue(Lookup.FOUND);
    }

    @Test
    void close_endsTheStreamAndTheWaits() {
        startOnDemand();
        CompletableFuture<Lookup> waiting = lookup("net/10.0.0.1");
        client.close();
        time.runNow();
        assertThat(server.last().cancelled).isTrue();
        assertThat(waiting).isCompletedWithValue(Lookup.TIMED_OUT);
        time.pass(100, TimeUnit.SECONDS);
        assertThat(server.streams).hasSize(1);
    }
}
