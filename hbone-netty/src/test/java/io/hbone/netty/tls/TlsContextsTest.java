package io.hbone.netty.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hbone.core.SpiffeId;
import io.hbone.core.WorkloadCertificate;
import io.hbone.netty.testing.TestPki;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.ssl.ReferenceCountedOpenSslContext;
import io.netty.handler.ssl.SslHandler;
import java.math.BigInteger;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECParameterSpec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TlsContextsTest {
    private static final ByteBufAllocator ALLOCATOR = ByteBufAllocator.DEFAULT;
    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final int THREADS = 4;

    private final TestPki pki = TestPki.ca("cluster.local");
    private final WorkloadCertificate client =
            pki.svid("default", "client").lifetime(Duration.ofDays(30)).issue();
    private final WorkloadCertificate server =
            pki.svid("default", "server").lifetime(Duration.ofDays(30)).issue();
    private final MovingClock clock = new MovingClock();

    @Test
    void a_thousand_rotations_leave_no_native_context() {
        TlsContexts contexts = contexts(TlsProvider.OPENSSL);
        List<ReferenceCountedOpenSslContext> all = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            // As when a source rotates every minute and tells nobody: another instance, in use for one minute.
            WorkloadCertificate rotated = client.withBundles(pki.bundles());
            contexts.prepare(rotated);
            if (i % 10 == 0) {
                connect(contexts, rotated, rotated).close();
            }
            all.addAll(natives(contexts, rotated));
            clock.advance(Duration.ofMinutes(1));
        }

        assertThat(all).hasSize(2000).doesNotHaveDuplicates();
        assertThat(contexts.size()).isEqualTo(TlsContexts.IDLE.toMinutes());
        assertThat(alive(all)).hasSize(2 * contexts.size());

        contexts.close();
        assertThat(alive(all)).isEmpty();
    }

    @Test
    void a_native_context_lives_as_long_as_its_last_connection() {
        TlsContexts contexts = contexts(TlsProvider.OPENSSL);
        TlsPair first = connect(contexts, client, server);
        TlsPair second = connect(contexts, client, server);
        List<ReferenceCountedOpenSslContext> natives = new ArrayList<>(natives(contexts, client));
        natives.addAll(natives(contexts, server));
        assertThat(natives).hasSize(2);

        contexts.retire(client);
        contexts.retire(server);
        first.close();
        assertThat(alive(natives)).hasSize(2);

        second.close();
        assertThat(alive(natives)).isEmpty();
        contexts.close();
    }

    @Test
    void a_failed_handshake_leaves_nothing() {
        TlsContexts contexts = contexts(TlsProvider.OPENSSL);
        TlsPair failed = new TlsPair(
                        contexts.newClientHandler(ALLOCATOR, client, Set.of(), TIMEOUT),
                        contexts.newServerHandler(ALLOCATOR, server, TIMEOUT))
                .run();
        List<ReferenceCountedOpenSslContext> natives = natives(contexts, client);
        failed.close();
        contexts.close();

        assertThat(natives).hasSize(1);
        assertThat(alive(natives)).isEmpty();
    }

    @ParameterizedTest
    @EnumSource
    void contexts_in_use_and_valid_are_kept_others_are_not(TlsProvider provider) {
        WorkloadCertificate brief =
                pki.svid("default", "brief").lifetime(Duration.ofMinutes(4)).issue();
        try (TlsContexts contexts = contexts(provider)) {
            contexts.prepare(client);
            contexts.prepare(server);
            contexts.prepare(brief);
            assertThat(contexts.size()).isEqualTo(3);
            CertificateContexts ofClient = contexts.known(client);

            clock.advance(Duration.ofMinutes(9));
            contexts.prepare(client);
            contexts.prepare(pki.workload("default", "next"));
            assertThat(contexts.known(brief)).as("expired").isNull();
            assertThat(contexts.known(server)).as("idle for 9 minutes").isNotNull();

            clock.advance(Duration.ofMinutes(2));
            contexts.prepare(client);
            contexts.prepare(pki.workload("default", "next"));
            assertThat(contexts.known(server)).as("idle for 11 minutes").isNull();
            assertThat(contexts.known(client)).as("in use").isSameAs(ofClient);
            assertThat(contexts.size()).isEqualTo(3);
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_retired_certificate_can_come_back(TlsProvider provider) {
        try (TlsContexts contexts = contexts(provider)) {
            connect(contexts, client, server).close();
            contexts.retire(client);
            contexts.retire(client);
            assertThat(contexts.size()).isOne();

            connect(contexts, client, server).close();
            assertThat(contexts.size()).isEqualTo(2);
        }
    }

    @ParameterizedTest
    @EnumSource
    void an_equal_certificate_of_another_instance_has_contexts_of_its_own(TlsProvider provider) {
        WorkloadCertificate equal = client.withBundles(client.bundles());
        try (TlsContexts contexts = contexts(provider)) {
            contexts.prepare(client);
            contexts.prepare(equal);

            assertThat(equal).isEqualTo(client);
            assertThat(contexts.known(equal)).isNotSameAs(contexts.known(client));
        }
    }

    @ParameterizedTest
    @EnumSource
    void closed_there_are_no_more_handlers(TlsProvider provider) {
        TlsContexts contexts = contexts(provider);
        contexts.prepare(client);
        contexts.close();
        contexts.close();

        assertThat(contexts.size()).isZero();
        assertThatThrownBy(() -> contexts.newServerHandler(ALLOCATOR, client, TIMEOUT))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("closed");
        contexts.retire(client);
    }

    @Test
    void a_wrap_size_is_checked() {
        assertThatThrownBy(() -> new TlsContexts(TlsProvider.JDK, clock, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("wrapDataSize: 0 (expected: > 0)");
    }

    @ParameterizedTest
    @EnumSource
    void what_one_connection_expects_is_never_taken_for_anothers(TlsProvider provider) throws Exception {
        SpiffeId wrong = pki.id("default", "other");
        try (TlsContexts contexts = contexts(provider)) {
            inParallel(seed -> {
                Random random = new Random(seed);
                for (int round = 0; round < rounds(provider); round++) {
                    // Handshakes of one thread overlap as well: all are begun before any goes on.
                    List<TlsPair> pairs = new ArrayList<>();
                    List<Boolean> expected = new ArrayList<>();
                    for (int i = 0; i < 4; i++) {
                        boolean right = random.nextBoolean();
                        expected.add(right);
                        pairs.add(new TlsPair(
                                contexts.newClientHandler(
                                        ALLOCATOR, client, Set.of(right ? server.id() : wrong), TIMEOUT),
                                contexts.newServerHandler(ALLOCATOR, server, TIMEOUT)));
                    }
                    for (int i = 3; i >= 0; i--) {
                        assertThat(pairs.get(i).run().client.isHandshaken()).isEqualTo(expected.get(i));
                        pairs.get(i).close();
                    }
                }
                return null;
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void handlers_can_be_made_while_their_contexts_are_retired(TlsProvider provider) throws Exception {
        AtomicBoolean done = new AtomicBoolean();
        try (TlsContexts contexts = contexts(provider)) {
            Thread retiring = new Thread(() -> {
                while (!done.get()) {
                    contexts.retire(client);
                    contexts.retire(server);
                    Thread.yield();
                }
            });
            retiring.start();
            try {
                inParallel(seed -> {
                    for (int i = 0; i < 2 * rounds(provider); i++) {
                        connect(contexts, client, server).close();
                    }
                    return null;
                });
            } finally {
                done.set(true);
                retiring.join();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void a_key_that_cannot_be_exported_signs(TlsProvider provider) {
        WorkloadCertificate inDevice = WorkloadCertificate.of(
                server.chain(), new DeviceKey((ECPrivateKey) server.privateKey()), server.bundles());
        try (TlsContexts contexts = contexts(provider)) {
            connect(contexts, inDevice, inDevice).close();
        }
    }

    @Test
    void handlers_are_configured() {
        try (TlsContexts contexts = contexts(TlsProvider.OPENSSL)) {
            SslHandler handler = contexts.newClientHandler(ALLOCATOR, client, Set.of(), Duration.ofMillis(1234));
            try (TlsPair pair = new TlsPair(handler, contexts.newServerHandler(ALLOCATOR, server, TIMEOUT))) {
                assertThat(handler.getHandshakeTimeoutMillis()).isEqualTo(1234);
                assertThat(pair.server.tls().getHandshakeTimeoutMillis()).isEqualTo(TIMEOUT.toMillis());
                assertThat(handler.engine().getSSLParameters().getEndpointIdentificationAlgorithm())
                        .isNull();
            }
        }
    }

    /** The JDK needs ten times as long. */
    private static int rounds(TlsProvider provider) {
        return provider == TlsProvider.OPENSSL ? 40 : 6;
    }

    private TlsContexts contexts(TlsProvider provider) {
        return new TlsContexts(provider, clock, TlsContexts.DEFAULT_WRAP_DATA_SIZE);
    }

    private static TlsPair connect(TlsContexts contexts, WorkloadCertificate client, WorkloadCertificate server) {
        TlsPair pair = new TlsPair(
                        contexts.newClientHandler(ALLOCATOR, client, Set.of(server.id()), TIMEOUT),
                        contexts.newServerHandler(ALLOCATOR, server, TIMEOUT))
                .run();
        assertThat(pair.client.failure()).isNull();
        assertThat(pair.server.failure()).isNull();
        assertThat(pair.client.isHandshaken()).isTrue();
        assertThat(pair.server.isHandshaken()).isTrue();
        return pair;
    }

    /** Those that exist by now. */
    private static List<ReferenceCountedOpenSslContext> natives(TlsContexts contexts, WorkloadCertificate certificate) {
        CertificateContexts known = Objects.requireNonNull(contexts.known(certificate));
        List<ReferenceCountedOpenSslContext> natives = new ArrayList<>();
        known.made().forEach(endpoint -> natives.add(((OpenSslEndpoint) endpoint).context));
        return natives;
    }

    private static List<ReferenceCountedOpenSslContext> alive(List<ReferenceCountedOpenSslContext> natives) {
        return natives.stream().filter(context -> context.refCnt() > 0).toList();
    }

    private static void inParallel(Task task) throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(THREADS);
        try {
            List<Callable<@Nullable Void>> calls = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                int seed = i;
                calls.add(() -> task.run(seed));
            }
            for (Future<@Nullable Void> future : executor.invokeAll(calls)) {
                future.get();
            }
        } finally {
            executor.shutdownNow();
        }
    }

    private interface Task {
        @Nullable Void run(int seed) throws Exception;
    }

    /** Signs, and does not show itself. */
    private record DeviceKey(ECPrivateKey key) implements ECPrivateKey {
        private static final long serialVersionUID = 1L;

        @Override
        public BigInteger getS() {
            return key.getS();
        }

        @Override
        public ECParameterSpec getParams() {
            return key.getParams();
        }

        @Override
        public String getAlgorithm() {
            return key.getAlgorithm();
        }

        @Override
        public @Nullable String getFormat() {
            return null;
        }

        @Override
        public byte @Nullable [] getEncoded() {
            return null;
        }
    }

    private static final class MovingClock extends Clock {
        private volatile Instant now = Instant.now();

        void advance(Duration by) {
            now = now.plus(by);
        }

        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            throw new UnsupportedOperationException();
        }
    }
}
