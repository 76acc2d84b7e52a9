package io.hbone.identity.pem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.hbone.core.SpiffeId;
import io.hbone.core.TrustDomain;
import io.hbone.core.TunnelException;
import io.hbone.core.WorkloadCertificate;
import io.hbone.core.WorkloadIdentity;
import io.hbone.identity.dev.DevCa;
import io.hbone.identity.internal.Pem;
import io.hbone.identity.testing.FakeClock;
import io.hbone.identity.testing.RecordingListener;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PemIdentitySourceTest {

    private static final TrustDomain TRUST_DOMAIN = TrustDomain.of("cluster.local");
    private static final SpiffeId ID = SpiffeId.ofServiceAccount(TRUST_DOMAIN, "default", "client");
    private static final Duration LOOK = Duration.ofSeconds(2);
    private static final Duration LIFETIME = Duration.ofHours(1);
    private static final WorkloadIdentity WORKLOAD = new WorkloadIdentity("uid", ID);

    @TempDir
    private Path directory;

    private final FakeClock clock = FakeClock.create();
    private final RecordingListener listener = new RecordingListener();
    private DevCa ca;
    private Path chain;
    private Path key;
    private Path roots;

    @BeforeEach
    void files() throws Exception {
        ca = DevCa.open(directory.resolve("ca"), TRUST_DOMAIN, clock);
        chain = directory.resolve("chain.pem");
        key = directory.resolve("key.pem");
        roots = directory.resolve("roots.pem");
        Files.writeString(roots, Pem.write(ca.bundle().authorities()));
    }

    private WorkloadCertificate issue() throws Exception {
        return ca.issue(ID, LIFETIME);
    }

    private void write(WorkloadCertificate certificate) throws Exception {
        replace(chain, Pem.write(certificate.chain()));
        replace(key, Pem.write(certificate.privateKey()));
    }

    /** As renewers do it: written aside, renamed over. */
    private static void replace(Path file, String text) throws Exception {
        Path aside = Files.writeString(file.resolveSibling("aside"), text);
        Files.move(aside, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    private PemIdentitySource open() {
        PemIdentitySource source = PemIdentitySource.files(chain, key, roots)
                .interval(LOOK)
                .clock(clock)
                .executor(clock.executor())
                .open();
        source.subscribe(WORKLOAD, listener);
        return source;
    }

    @Test
    void open_goodFiles_areTheCertificate() throws Exception {
        WorkloadCertificate certificate = issue();
        write(certificate);

        PemIdentitySource source = open();

        assertThat(source.current(WORKLOAD)).isEqualTo(certificate);
        assertThat(source.certificate(WORKLOAD).toCompletableFuture()).isCompletedWithValue(certificate);
        assertThat(source.problem()).isNull();
        assertThat(source.ids()).containsExactly(ID);
        assertThat(listener.rotated).isEmpty();
    }

    @Test
    void look_replacedFiles_areTakenAndReported() throws Exception {
        write(issue());
        PemIdentitySource source = open();
        WorkloadCertificate renewed = issue();

        write(renewed);
        assertThat(source.current(WORKLOAD)).isNotEqualTo(renewed);
        clock.advance(LOOK);

        assertThat(source.current(WORKLOAD)).isEqualTo(renewed);
        assertThat(listener.rotated).containsExactly(renewed);
        clock.advance(LOOK.multipliedBy(10));
        assertThat(listener.rotated).hasSize(1);
        assertThat(listener.errors).isEmpty();
    }

    @Test
    void look_filesBehindALinkThatMoves_areTaken() throws Exception {
        // As Kubernetes mounts a Secret: chain.pem -> data/chain.pem, data -> one, then data -> two.
        WorkloadCertificate first = issue();
        WorkloadCertificate second = issue();
        Path link = directory.resolve("data");
        for (WorkloadCertificate certificate : new WorkloadCertificate[] {first, second}) {
            Path folder = Files.createDirectory(directory.resolve(certificate == first ? "one" : "two"));
            Files.writeString(folder.resolve("chain.pem"), Pem.write(certificate.chain()));
            Files.writeString(folder.resolve("key.pem"), Pem.write(certificate.privateKey()));
        }
        Files.createSymbolicLink(link, Path.of("one"));
        Files.createSymbolicLink(chain, Path.of("data/chain.pem"));
        Files.createSymbolicLink(key, Path.of("data/key.pem"));
        PemIdentitySource source = open();
        assertThat(source.current(WORKLOAD)).isEqualTo(first);

        Path moved = Files.createSymbolicLink(directory.resolve("data.new"), Path.of("two"));
        Files.move(moved, link, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        clock.advance(LOOK);

        assertThat(source.current(WORKLOAD)).isEqualTo(second);
    }

    @Test
    void look_halfReplaced_keepsTheLastGoodOneUntilTheOtherHalfIsThere() throws Exception {
        WorkloadCertificate first = issue();
        write(first);
        PemIdentitySource source = open();
        WorkloadCertificate renewed = issue();

        replace(chain, Pem.write(renewed.chain()));
        clock.advance(LOOK.multipliedBy(5));

        assertThat(source.current(WORKLOAD)).isEqualTo(first);
        assertThat(source.problem()).isEqualTo(key + ": key: another EC key (expected: the key of the leaf)");
        // Once, not with every look.
        assertThat(listener.errors).containsExactly("identity error: " + source.problem());

        replace(key, Pem.write(renewed.privateKey()));
        clock.advance(LOOK);

        assertThat(source.current(WORKLOAD)).isEqualTo(renewed);
        assertThat(source.problem()).isNull();
        assertThat(listener.rotated).containsExactly(renewed);
    }

    @Test
    void look_halfWritten_keepsTheLastGoodOne() throws Exception {
        WorkloadCertificate first = issue();
        write(first);
        PemIdentitySource source = open();
        WorkloadCertificate renewed = issue();
        String text = Pem.write(renewed.chain());

        Files.writeString(chain, text.substring(0, text.length() / 2));
        clock.advance(LOOK);

        assertThat(source.current(WORKLOAD)).isEqualTo(first);
        assertThat(source.problem()).startsWith(chain + ": CERTIFICATE without an end");

        Files.writeString(chain, text);
        Files.writeString(key, Pem.write(renewed.privateKey()));
        clock.advance(LOOK);

        assertThat(source.current(WORKLOAD)).isEqualTo(renewed);
    }

    @Test
    void look_fileGone_keepsTheLastGoodOne() throws Exception {
        WorkloadCertificate first = issue();
        write(first);
        PemIdentitySource source = open();

        Files.delete(key);
        clock.advance(LOOK);

        assertThat(source.current(WORKLOAD)).isEqualTo(first);
        assertThat(source.problem()).isEqualTo(key + ": no such file");
    }

    @Test
    void look_newRoots_areTaken() throws Exception {
        WorkloadCertificate certificate = issue();
        write(certificate);
        PemIdentitySource source = open();
        DevCa second = DevCa.open(directory.resolve("ca2"), TRUST_DOMAIN, clock);

        replace(
                roots,
                Pem.write(ca.bundle().authorities()) + Pem.write(second.bundle().authorities()));
        clock.advance(LOOK);

        assertThat(listener.rotated).hasSize(1);
        assertThat(source.current(WORKLOAD).bundles().of(TRUST_DOMAIN).authorities())
                .hasSize(2);
    }

    @Test
    void current_expired_isNotHandedOut() throws Exception {
        WorkloadCertificate certificate = issue();
        write(certificate);
        PemIdentitySource source = open();

        clock.advance(LIFETIME.plusSeconds(1));

        assertThat(source.current(WORKLOAD)).isNull();
        assertThatThrownBy(
                        () -> source.certificate(WORKLOAD).toCompletableFuture().join())
                .cause()
                .isInstanceOf(TunnelException.class)
                .hasMessage("identity error: " + WORKLOAD + ": " + chain + " ended " + certificate.notAfter());
    }

    @Test
    void look_replacementThatIsExpired_isNotTaken() throws Exception {
        WorkloadCertificate old = issue();
        clock.advance(LIFETIME.plusMinutes(5));
        WorkloadCertificate good = issue();
        write(good);
        PemIdentitySource source = open();

        write(old);
        clock.advance(LOOK);

        assertThat(source.current(WORKLOAD)).isEqualTo(good);
        assertThat(source.problem()).isEqualTo(chain + ": valid from " + old.notBefore() + " to " + old.notAfter());
    }

    @Test
    void look_replacementThatIsNotValidYet_isTakenWhenItIs() throws Exception {
        WorkloadCertificate good = issue();
        write(good);
        PemIdentitySource source = open();
        clock.jump(Duration.ofMinutes(20));
        WorkloadCertificate early = issue();
        clock.jump(Duration.ofMinutes(-20));

        write(early);
        clock.advance(Duration.ofMinutes(18));
        assertThat(source.current(WORKLOAD)).isEqualTo(good);
        clock.advance(Duration.ofMinutes(2));

        assertThat(source.current(WORKLOAD)).isEqualTo(early);
    }

    @Test
    void identities_tellWhatIsHeldAndWhatIsWrongWithTheFilesNow() throws Exception {
        WorkloadCertificate good = issue();
        write(good);
        PemIdentitySource source = open();
        assertThat(source.name()).isEqualTo("pem");
        assertThat(source.identities()).isEmpty();
        source.prefetch(WORKLOAD);
        assertThat(source.identities()).singleElement().satisfies(status -> {
            assertThat(status.workload()).isEqualTo(WORKLOAD);
            assertThat(status.source()).isEqualTo("pem");
            assertThat(status.certificate()).isEqualTo(good);
            assertThat(status.nextRefresh()).isNull();
            assertThat(status.lastError()).isNull();
        });

        Files.writeString(chain, "garbage");
        clock.advance(LOOK);
        assertThat(source.identities()).singleElement().satisfies(status -> {
            assertThat(status.certificate()).isEqualTo(good);
            assertThat(status.lastError()).isEqualTo(source.problem());
            assertThat(status.lastErrorAt()).isEqualTo(clock.instant());
        });

        source.forget(WORKLOAD);
        assertThat(source.identities()).isEmpty();
    }

    @Test
    void open_noFiles_waitsForThem() throws Exception {
        PemIdentitySource source = open();
        assertThat(source.ids()).isEmpty();
        assertThat(source.problem()).isEqualTo(chain + ": no such file");
        assertThatThrownBy(
                        () -> source.certificate(WORKLOAD).toCompletableFuture().join())
                .cause()
                .hasMessage("identity error: " + WORKLOAD + ": " + chain + ": no such file");

        WorkloadCertificate certificate = issue();
        write(certificate);
        clock.advance(LOOK);

        assertThat(source.current(WORKLOAD)).isEqualTo(certificate);
    }

    @Test
    void certificate_ofAnotherWorkload_isNotHandedOut() throws Exception {
        write(issue());
        WorkloadIdentity other =
                new WorkloadIdentity("other", SpiffeId.parse("spiffe://cluster.local/ns/default/sa/other"));

        PemIdentitySource source = open();

        assertThat(source.current(other)).isNull();
        assertThatThrownBy(() -> source.certificate(other).toCompletableFuture().join())
                .cause()
                .hasMessage("identity error: " + other + ": " + chain + " is of " + ID);
    }

    @Test
    void close_stopsLooking() throws Exception {
        write(issue());
        PemIdentitySource source = open();

        source.close();

        assertThat(clock.pending()).isZero();
        assertThat(source.current(WORKLOAD)).isNull();
    }

    private PemIdentitySource folder(Path folder) {
        return PemIdentitySource.folder(folder)
                .interval(LOOK)
                .clock(clock)
                .executor(clock.executor())
                .open();
    }

    private void write(Path folder, WorkloadCertificate certificate, String... names) throws Exception {
        Files.createDirectories(folder);
        replace(folder.resolve(names[0]), Pem.write(certificate.chain()));
        replace(folder.resolve(names[1]), Pem.write(certificate.privateKey()));
        replace(folder.resolve(names[2]), Pem.write(ca.bundle().authorities()));
    }

    @Test
    void folder_ofOneSet_isFoundByItsNames() throws Exception {
        String[][] conventions = {
            {"tls.crt", "tls.key", "ca.crt"},
            {"svid.pem", "svid_key.pem", "svid_bundle.pem"},
            {"cert-chain.pem", "key.pem", "root-cert.pem"}
        };
        for (String[] names : conventions) {
            WorkloadCertificate certificate = issue();
            Path folder = directory.resolve("of-" + names[0]);
            write(folder, certificate, names);

            assertThat(folder(folder).current(WORKLOAD)).isEqualTo(certificate);
        }
    }

    @Test
    void folder_ofFolders_hasACertificateForEachWorkload_andOneThatIsWrongHarmsNoOther() throws Exception {
        WorkloadIdentity other =
                new WorkloadIdentity("other", SpiffeId.ofServiceAccount(TRUST_DOMAIN, "default", "server"));
        WorkloadCertificate first = issue();
        WorkloadCertificate second = ca.issue(other.spiffeId(), LIFETIME);
        Path all = directory.resolve("all");
        write(all.resolve("a"), first, "tls.crt", "tls.key", "ca.crt");
        write(all.resolve("b"), second, "svid.pem", "svid_key.pem", "svid_bundle.pem");
        PemIdentitySource source = folder(all);
        RecordingListener ofTheOther = new RecordingListener();
        source.subscribe(WORKLOAD, listener);
        source.subscribe(other, ofTheOther);

        Files.writeString(all.resolve("b/svid.pem"), "nonsense");
        WorkloadCertificate renewed = issue();
        write(all.resolve("a"), renewed, "tls.crt", "tls.key", "ca.crt");
        clock.advance(LOOK);

        assertThat(source.current(WORKLOAD)).isEqualTo(renewed);
        assertThat(source.current(other)).isEqualTo(second);
        assertThat(listener.rotated).containsExactly(renewed);
        assertThat(listener.errors).isEmpty();
        assertThat(ofTheOther.errors).hasSize(1);
        assertThat(source.problem()).startsWith(all.resolve("b/svid.pem") + ": no certificate in it");
    }

    @Test
    void folder_thatIsRemoved_takesItsWorkloadAlong_andANewOneIsFound() throws Exception {
        Path all = Files.createDirectory(directory.resolve("all"));
        PemIdentitySource source = folder(all);
        assertThat(source.problem()).startsWith(all + ": no certificate in it (expected: tls.crt");
        WorkloadCertificate certificate = issue();

        write(all.resolve("a"), certificate, "tls.crt", "tls.key", "ca.crt");
        clock.advance(LOOK);
        assertThat(source.current(WORKLOAD)).isEqualTo(certificate);
        Files.move(all.resolve("a"), directory.resolve("gone"));
        clock.advance(LOOK);

        assertThat(source.current(WORKLOAD)).isNull();
    }

    @Test
    void look_keyOfAnotherCertificate_keepsTheLastGoodOneAndSaysSo() throws Exception {
        WorkloadCertificate first = issue();
        write(first);
        PemIdentitySource source = open();

        replace(key, Pem.write(issue().privateKey()));
        clock.advance(LOOK);

        assertThat(source.current(WORKLOAD)).isEqualTo(first);
        assertThat(source.problem()).isEqualTo(key + ": key: another EC key (expected: the key of the leaf)");
        assertThat(listener.errors).hasSize(1);
    }
}
